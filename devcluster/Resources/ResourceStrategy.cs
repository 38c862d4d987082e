using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Tables;

namespace LightReasoner.DevCluster.Resources;

/// <summary>What is particular to one kind of object: defaults, checks, what a write may change, how a table shows it.</summary>
internal class ResourceStrategy
{
    /// <summary>A spec change bumps metadata.generation.</summary>
    public virtual bool HasGeneration => false;

    /// <summary>The group that Invalid answers name; null for the kind's own.</summary>
    public virtual string? ErrorGroup => null;

    /// <summary>PUT on a name that does not exist creates the object.</summary>
    public virtual bool CreateOnUpdate => false;

    /// <summary>PUT without a resourceVersion overwrites whatever is there.</summary>
    public virtual bool UnconditionalUpdate => true;

    /// <summary>DELETE answers the object rather than a Status.</summary>
    public virtual bool DeleteReturnsObject => false;

    /// <summary>DELETE without a policy leaves the dependents alone.</summary>
    public virtual bool OrphanByDefault => false;

    /// <summary>Columns of its table.</summary>
    public virtual IReadOnlyList<Column> Columns => Column.NameAndAge;

    /// <summary>The cells of an object, one per column.</summary>
    public virtual JsonArray Cells(JsonObject o, DateTimeOffset now) => [o.Name(), TableText.Age(o, now)];

    /// <summary>The field labels that selectors may use besides metadata.name and metadata.namespace.</summary>
    public virtual IReadOnlyList<string> SelectableFields => [];

    /// <summary>From the served version to the stored form.</summary>
    public virtual void Decode(JsonObject o)
    {
    }

    /// <summary>From the stored form to the served version. Called with a copy.</summary>
    public virtual void Encode(JsonObject o)
    {
    }

    /// <summary>True when <see cref="Encode"/> does something.</summary>
    public virtual bool Converts => false;

    /// <summary>Defaults of the kind, at every write.</summary>
    public virtual void SetDefaults(JsonObject o)
    {
    }

    /// <summary>What a create sets or drops, after metadata has been filled in.</summary>
    public virtual void PrepareCreate(JsonObject o)
    {
    }

    /// <summary>What a write of the object takes over from the stored one.</summary>
    public virtual void PrepareUpdate(JsonObject o, JsonObject old)
    {
    }

    /// <summary>What a write of the status sub-resource takes over from the stored object.</summary>
    public virtual JsonObject PrepareStatusUpdate(JsonObject o, JsonObject old)
    {
        var result = old.Copy();
        result.SetOrRemove("status", o["status"]?.DeepClone());
        return result;
    }

    /// <summary>Why an object may never be deleted; null if it may.</summary>
    public virtual string? KeepsBecause(string name) => null;

    /// <summary>What the request to delete does to the object, beside setting deletionTimestamp. True: the usual new generation is left out.</summary>
    public virtual bool PrepareDelete(JsonObject o, string now) => false;

    /// <summary>Does this change count as a new generation?</summary>
    public virtual bool SpecChanged(JsonObject o, JsonObject old) => !JsonAccess.Same(o["spec"], old["spec"]);

    public virtual IEnumerable<FieldError> ValidateName(string name, string field) => Names.Subdomain(name, field);

    public virtual IEnumerable<FieldError> ValidateCreate(JsonObject o) => [];

    public virtual IEnumerable<FieldError> ValidateUpdate(JsonObject o, JsonObject old) => [];

    public virtual IEnumerable<FieldError> ValidateStatusUpdate(JsonObject o, JsonObject old) => [];

    public virtual IEnumerable<string> Warnings(JsonObject o) => [];

    /// <summary>Value of a field label; null when the selector is not supported.</summary>
    public virtual string? Field(JsonObject o, string label)
        => label switch
        {
            "metadata.name" => o.Name(),
            "metadata.namespace" => o.Namespace(),
            _ => SelectableFields.Contains(label) ? TextAt(o, label) : null,
        };

    /// <summary>Seconds between the request to delete and the end, for kinds that stop gracefully.</summary>
    public virtual long? GracePeriod(JsonObject o, long? requested) => null;

    private static string TextAt(JsonObject o, string label)
        => o.At(label.Split('.')) is { } node ? node.AsString() ?? node.Text() : "";
}
