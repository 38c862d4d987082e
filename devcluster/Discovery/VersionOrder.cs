using System.Globalization;
using System.Text.RegularExpressions;

namespace LightReasoner.DevCluster.Discovery;

/// <summary>Order of API versions: v2, v1, v1beta2, v1beta1, v1alpha1, then the rest by name.</summary>
internal sealed partial class VersionOrder : IComparer<string>
{
    public static readonly VersionOrder Instance = new();

    [GeneratedRegex("^v([1-9][0-9]*)(?:(alpha|beta)([1-9][0-9]*))?$")]
    private static partial Regex Form();

    public int Compare(string? x, string? y)
    {
        var a = Form().Match(x ?? "");
        var b = Form().Match(y ?? "");
        if (!a.Success || !b.Success)
            return a.Success ? 1 : b.Success ? -1 : -string.CompareOrdinal(x, y);
        var stage = Stage(a).CompareTo(Stage(b));
        if (stage != 0)
            return stage;
        var major = Number(a.Groups[1]).CompareTo(Number(b.Groups[1]));
        return major != 0 ? major : Number(a.Groups[3]).CompareTo(Number(b.Groups[3]));
    }

    private static int Stage(Match m) => m.Groups[2].Value switch { "" => 2, "beta" => 1, _ => 0 };

    private static int Number(Group g) => g.Success ? int.Parse(g.Value, CultureInfo.InvariantCulture) : 0;
}
