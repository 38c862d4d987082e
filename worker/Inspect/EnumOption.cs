using System.CommandLine;
using System.Text.Json;
using LightReasoner.Api;

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
        option.AcceptOnlyFromAmong(names);
        return option;
    }

    /// <exception cref="FormatException">There is no such name.</exception>
    public static T Value<T>(string name)
        where T : struct, Enum =>
        Enum.GetValues<T>().Where(value => Name(value) == name).Select(value => (T?)value).FirstOrDefault()
        ?? throw new FormatException($"'{name}' is not one of {string.Join(", ", Enum.GetValues<T>().Select(Name))}");

    private static string Name<T>(T value) => JsonSerializer.SerializeToElement(value, ApiJson.Options).GetString()!;
}
