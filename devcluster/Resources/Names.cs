using System.Text.RegularExpressions;
using LightReasoner.DevCluster.Errors;

namespace LightReasoner.DevCluster.Resources;

/// <summary>The rules for names, labels and the like, with the words the API server uses for them.</summary>
internal static partial class Names
{
    private const string Label1123 =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an "
        + "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
    private const string Subdomain1123 =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an "
        + "alphanumeric character (e.g. 'example.com', regex used for validation is "
        + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    private const string Label1035 =
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an "
        + "alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
    private const string QualifiedNamePart =
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. "
        + "'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    private const string LabelValueRule =
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        + "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
        + "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?\\z")]
    private static partial Regex LabelRegex();

    [GeneratedRegex("^[a-z]([-a-z0-9]*[a-z0-9])?\\z")]
    private static partial Regex Label1035Regex();

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\\z")]
    private static partial Regex SubdomainRegex();

    [GeneratedRegex("^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\\z")]
    private static partial Regex QualifiedRegex();

    public static IEnumerable<FieldError> Label(string name, string field)
    {
        if (name.Length > 63)
            yield return FieldError.Invalid(field, name, "must be no more than 63 characters");
        if (name.Contains('.') && Names.IsSubdomain(name))
            yield return FieldError.Invalid(field, name, "must not contain dots");
        else if (!LabelRegex().IsMatch(name))
            yield return FieldError.Invalid(field, name, Label1123);
    }

    public static IEnumerable<FieldError> Label1035Name(string name, string field)
    {
        if (name.Length > 63)
            yield return FieldError.Invalid(field, name, "must be no more than 63 bytes");
        if (!Label1035Regex().IsMatch(name))
            yield return FieldError.Invalid(field, name, Label1035);
    }

    public static IEnumerable<FieldError> Subdomain(string name, string field)
    {
        if (name.Length > 253)
            yield return FieldError.Invalid(field, name, "must be no more than 253 characters");
        if (!SubdomainRegex().IsMatch(name))
            yield return FieldError.Invalid(field, name, Subdomain1123);
    }

    /// <summary>What is wrong with a label key, annotation key or finalizer: nothing, or one text per rule.</summary>
    public static IEnumerable<string> QualifiedName(string key)
    {
        var parts = key.Split('/');
        if (parts.Length > 2)
        {
            yield return "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
                + "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
                + "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            yield break;
        }

        if (parts.Length == 2)
        {
            if (parts[0].Length == 0)
                yield return "prefix part must be non-empty";
            else if (!SubdomainRegex().IsMatch(parts[0]))
                yield return "prefix part " + Subdomain1123;
        }

        var name = parts[^1];
        if (name.Length == 0)
            yield return "name part must be non-empty";
        else if (name.Length > 63)
            yield return "name part must be no more than 63 bytes";
        if (!QualifiedRegex().IsMatch(name))
            yield return QualifiedNamePart;
    }

    public static IEnumerable<string> LabelValue(string value)
    {
        if (value.Length > 63)
            yield return "must be no more than 63 bytes";
        if (value.Length > 0 && !QualifiedRegex().IsMatch(value))
            yield return LabelValueRule;
    }

    public static bool IsLabel(string text) => text.Length <= 63 && LabelRegex().IsMatch(text);

    public static bool IsSubdomain(string text) => text.Length <= 253 && SubdomainRegex().IsMatch(text);
}
