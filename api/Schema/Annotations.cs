namespace LightReasoner.Api.Schema;

/// <summary>Marks a manifest type and gives what its CustomResourceDefinition needs beyond the schema.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ResourceAttribute(string plural, string shortName) : Attribute
{
    /// <summary>Plural, lower-case name in URLs.</summary>
    public string Plural { get; } = plural;

    /// <summary>Short name for kubectl.</summary>
    public string ShortName { get; } = shortName;
}

/// <summary>One column of <c>kubectl get</c>; columns appear in the order of declaration.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class PrinterColumnAttribute(string name, string jsonPath, string type) : Attribute
{
    /// <summary>Heading.</summary>
    public string Name { get; } = name;

    /// <summary>Simple JSONPath from the object's root.</summary>
    public string JsonPath { get; } = jsonPath;

    /// <summary>OpenAPI type: string, integer, number, boolean or date.</summary>
    public string Type { get; } = type;

    /// <summary>0 always shows; above 0 only with <c>-o wide</c>.</summary>
    public int Priority { get; init; }
}

/// <summary>
/// A cross-field rule: a CEL expression for the CRD, and the name of the parameterless boolean method of the same type that
/// computes the same thing for the worker and the operator.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct, AllowMultiple = true)]
public sealed class CelRuleAttribute(string rule, string message, string check) : Attribute
{
    /// <summary>CEL expression over <c>self</c>.</summary>
    public string Rule { get; } = rule;

    /// <summary>What is shown when the rule is broken, by the API server and by us alike.</summary>
    public string Message { get; } = message;

    /// <summary>Name of the method that computes the rule here.</summary>
    public string Check { get; } = check;

    /// <summary>The property, in JSON form, that a violation is reported at; empty for the object itself.</summary>
    public string Field { get; init; } = "";
}

/// <summary>
/// The field does not affect what a run computes and may be changed at any time; all others are frozen once it has started.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class MutableAttribute : Attribute;

/// <summary>The number may be raised after the run has started; a finished run then goes on from what it has.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ExtendableAttribute : Attribute
{
    /// <summary>Whether leaving the number out asks for all there is.</summary>
    public bool NullIsAll { get; init; }
}

/// <summary>
/// The value is a piece of Kubernetes' own API that is handed to the pod as it stands (its schema belongs to the cluster's version),
/// so the CRD keeps unknown fields in it.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class KubernetesFragmentAttribute : Attribute;

/// <summary>The list is a set: order means nothing to merges and duplicates are refused.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SetAttribute : Attribute;

/// <summary>The list is a map keyed by the named field of its items.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class MapKeyAttribute(string key) : Attribute
{
    /// <summary>JSON name of the key field.</summary>
    public string Key { get; } = key;
}
