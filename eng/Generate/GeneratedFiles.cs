using System.Reflection;
using LightReasoner.Api;
using LightReasoner.Api.Schema;

namespace LightReasoner.Generate;

/// <summary>Everything in the repository that is made from the code: the definitions, the reference of their fields, and the chart's copies of them and of the operator's rights.</summary>
internal static class GeneratedFiles
{
    /// <summary>Where the chart keeps what its templates read.</summary>
    public const string ChartFiles = "charts/lightreasoner/files";

    /// <summary>Text by path from the repository's root.</summary>
    public static IReadOnlyDictionary<string, string> All()
    {
        var files = new Dictionary<string, string>();
        foreach ((string name, string text) in CrdGenerator.Files())
        {
            files[$"crds/{name}"] = text;
            // Helm reads nothing outside the chart.
            files[$"{ChartFiles}/crds/{name}"] = text;
        }
        foreach ((RbacScope scope, var rules) in RbacRules.Of(Assembly.Load("LightReasoner.Operator")))
            files[$"{ChartFiles}/rbac/{FileName(scope)}"] =
                "# Generated from the attributes in operator/ by `make generate`. Do not edit.\n" + YamlJson.Write(rules);
        files["docs/reference.md"] = FieldReference.Write();
        return files;
    }

    private static string FileName(RbacScope scope) => scope switch
    {
        RbacScope.WatchedNamespaces => "watched-namespaces.yaml",
        RbacScope.OwnNamespace => "own-namespace.yaml",
        _ => "cluster.yaml",
    };
}
