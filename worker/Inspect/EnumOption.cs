using System.CommandLine;

namespace LightReasoner.Worker.Inspect;

/// <summary>Options whose values are the names that an enum has in manifests.</summary>
internal static class EnumOption
{
    public static Option<string> Of<T>(string name, string description, T? fallback = null)
        where T : struct, Enum
    {
        string[] names = [.. Enum.GetValues<T>().Select(Name)];
        var option = new Option<string>(name) { Description = $"{description} ({string.Join(", ", names)})", Required = fallback is null };
        if (fallback is { } value) option.DefaultValueFactory = _ => Name(value);
        option.AcceptOnlyFromAmong([.. names, .. names.Select(other => other.Replace('-', '_')).Except(names)]);
        return option;
    }

    /// <summary>The value of a name; the published program writes minerva_math where manifests have minerva-math.</summary>
    public static T Value<T>(string name)
        where T : struct, Enum =>
        Enum.GetValues<T>().Where(value => Name(value) == name.Replace('_', '-')).Select(value => (T?)value).FirstOrDefault()
        ?? throw new FormatException($"'{name}' is not one of {string.Join(", ", Enum.GetValues<T>().Select(Name))}");

    public static string Name<T>(T value)
        where T : struct, Enum => JsonSerializer.SerializeToElement(value, ApiJson.Options).GetString()!;
}
