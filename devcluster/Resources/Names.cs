namespace LightReasoner.DevCluster.Resources;

/// <summary>The rules for names, labels and the like, with the words the API server uses for them.</summary>
internal static partial class Names
{
    private const string LabelRule =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an "
        + "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
    private const string SubdomainRule =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an "
        + "alphanumeric character (e.g. 'example.com', regex used for validation is "
        + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    private const string QualifiedRule =
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. "
        + "'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    private const string LabelValueRule =
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        + "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
        + "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?\\z")]
    private static partial Regex LabelRegex();

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\\z")]
    private static partial Regex SubdomainRegex();

    [GeneratedRegex("^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\\z")]
    private static partial Regex QualifiedRegex();

    public static IEnumerable<FieldError> Label(string name, string field)
    {
        if (name.Length > 63)
            yield return FieldError.Invalid(field, name, "must be no more than 63 characters");
        if (!LabelRegex().IsMatch(name))
            yield return FieldError.Invalid(field, name, LabelRule);
    }

    public static IEnumerable<FieldError> Subdomain(string name, string field)
    {
        if (name.Length > 253)
            yield return FieldError.Invalid(field, name, "must be no more than 253 characters");
        if (!SubdomainRegex().IsMatch(name))
            yield return FieldError.Invalid(field, name, SubdomainRule);
    }

    /// <summary>What is wrong with a label key, annotation key or finalizer.</summary>
    public static IEnumerable<string> QualifiedName(string key)
    {
        var (prefix, name) = key.Split('/', 2) is [var before, var after] ? (before, after) : (null, key);
        if (prefix is not null && !SubdomainRegex().IsMatch(prefix))
            yield return "prefix part " + SubdomainRule;
        if (name.Length > 63)
            yield return "name part must be no more than 63 bytes";
        if (!QualifiedRegex().IsMatch(name))
            yield return QualifiedRule;
    }

    public static IEnumerable<string> LabelValue(string value)
    {
        if (value.Length > 63)
            yield return "must be no more than 63 bytes";
        if (value.Length > 0 && !QualifiedRegex().IsMatch(value))
            yield return LabelValueRule;
    }
}
