namespace LightReasoner.DevCluster.Resources;

/// <summary>What is particular to one kind of object: defaults, checks, what a write may change, how a table shows it.</summary>
internal class ResourceStrategy
{
    /// <summary>A spec change bumps metadata.generation.</summary>
    public virtual bool HasGeneration => false;

    /// <summary>PUT on a name that does not exist creates the object.</summary>
    public virtual bool CreateOnUpdate => false;

    /// <summary>PUT without a resourceVersion overwrites whatever is there.</summary>
    public virtual bool UnconditionalUpdate => true;

    /// <summary>DELETE answers the object rather than a Status.</summary>
    public virtual bool DeleteReturnsObject => false;

    /// <summary>DELETE without a policy leaves the dependents alone.</summary>
    public virtual bool OrphanByDefault => false;

    /// <summary>Columns of its table.</summary>
    public virtual IReadOnlyList<Column> Columns { get; } = Column.Parse("Name|Age");

    /// <summary>The field labels that selectors may use besides metadata.name and metadata.namespace.</summary>
    public virtual IReadOnlyList<string> SelectableFields => [];

    /// <summary>The cells of an object, one per column.</summary>
    public virtual JsonArray Cells(JsonObject o, DateTimeOffset now) => [o.Name(), TableText.Age(o, now)];

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

    /// <summary>
    /// What the request to delete does to the object, beside setting deletionTimestamp. True: the usual new generation is left out.
    /// </summary>
    public virtual bool PrepareDelete(JsonObject o, string now) => false;

    public virtual IEnumerable<FieldError> ValidateName(string name, string field) => Names.Subdomain(name, field);

    public virtual IEnumerable<FieldError> ValidateCreate(JsonObject o) => [];

    public virtual IEnumerable<FieldError> ValidateUpdate(JsonObject o, JsonObject old) => [];

    /// <summary>Seconds between the request to delete and the end, for kinds that stop gracefully.</summary>
    public virtual long? GracePeriod(JsonObject o, long? requested) => null;

    /// <summary>Value of a field label; null when selectors may not use it.</summary>
    public virtual string? Field(JsonObject o, string label)
        => label is "metadata.name" or "metadata.namespace" || SelectableFields.Contains(label)
            ? o.At(label.Split('.')) is { } node ? node.Text() ?? node.ToText() : ""
            : null;
}

/// <summary>A kind that the server stores and shows, and knows nothing else of but that its spec has generations.</summary>
internal sealed class SpecStrategy : ResourceStrategy
{
    public override bool HasGeneration => true;
}
