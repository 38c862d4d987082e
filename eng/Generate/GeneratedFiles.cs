using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Api.Schema;

namespace LightReasoner.Generate;

/// <summary>Everything in the repository that is made from the code: the definitions, the reference of their fields, and the chart's
/// copies of them and of the operator's rights.</summary>
internal static class GeneratedFiles
{
    /// <summary>Where the chart keeps what its templates read.</summary>
    public const string ChartFiles = "charts/lightreasoner/files";

    /// <summary>Text by path from the repository's root.</summary>
    public static IReadOnlyDictionary<string, string> All()
    {
        var files = new Dictionary<string, string>();
        foreach (var (name, text) in CrdGenerator.Files())
        {
            files[$"crds/{name}"] = text;
            // Helm reads nothing outside the chart.
            files[$"{ChartFiles}/crds/{name}"] = text;
        }
        foreach ((RbacScope scope, var rules) in RbacRules.Of(Assembly.Load("LightReasoner.Operator")))
            files[$"{ChartFiles}/rbac/{FileName(scope)}"] =
                "# Generated from the attributes in operator/ by `make generate`. Do not edit.\n" + YamlJson.Write(rules);
        files["docs/reference.md"] = FieldReference.Write();
        files["docs/rights.md"] = Rights();
        return files;
    }

    /// <summary>The operator's rights as a page: what <c>kubectl auth can-i --list</c> shows for its account.</summary>
    private static string Rights()
    {
        var page = new StringBuilder("""
            <!-- Generated from the attributes in operator/ by `make generate`. Do not edit. -->
            # Rights of the operator's account

            What `kubectl auth can-i --list --as=system:serviceaccount:NAMESPACE:ACCOUNT` shows of the chart's roles, beside what
            every account may. [security.md](security.md) says what it means.

            | where | group | resources | verbs |
            | --- | --- | --- | --- |

            """);
        foreach ((RbacScope scope, var rules) in RbacRules.Of(Assembly.Load("LightReasoner.Operator")))
            foreach (var rule in rules)
                page.Append(CultureInfo.InvariantCulture,
                    $"| {Where(scope)} | {Texts(rule!["apiGroups"]!)} | {Texts(rule["resources"]!)} | {Texts(rule["verbs"]!)} |\n");
        return page.ToString();

        static string Texts(JsonNode list) =>
            string.Join(", ", list.AsArray().Select(text => (string)text! is { Length: > 0 } some ? some : "core"));

        static string Where(RbacScope scope) => scope switch
        {
            RbacScope.WatchedNamespaces => "watched namespaces",
            RbacScope.OwnNamespace => "the operator's namespace",
            _ => "cluster",
        };
    }

    private static string FileName(RbacScope scope) => scope switch
    {
        RbacScope.WatchedNamespaces => "watched-namespaces.yaml",
        RbacScope.OwnNamespace => "own-namespace.yaml",
        _ => "cluster.yaml",
    };
}
