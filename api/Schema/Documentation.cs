using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace LightReasoner.Api.Schema;

/// <summary>The summaries of this assembly's XML documentation, which the CRDs show in <c>kubectl explain</c>.</summary>
internal static partial class Documentation
{
    private static readonly Lazy<Dictionary<string, string>> Summaries = new(Load);

    public static string Of(Type type) => Find($"T:{type.FullName}");

    public static string Of(PropertyInfo property)
    {
        var declaring = property.DeclaringType!;
        var owner = (declaring.IsGenericType ? declaring.GetGenericTypeDefinition() : declaring).FullName!;
        return Find($"P:{owner}.{property.Name}");
    }

    private static string Find(string member) => Summaries.Value.TryGetValue(member, out var text)
        ? text
        : throw new InvalidOperationException($"The API's XML documentation has no summary for {member}.");

    private static Dictionary<string, string> Load()
    {
        var file = Path.ChangeExtension(typeof(Documentation).Assembly.Location, ".xml");
        if (!File.Exists(file))
            throw new FileNotFoundException($"The API's XML documentation is missing: {file}. Build api/ with GenerateDocumentationFile.",
                file);
        return XDocument.Load(file).Descendants("member")
            .Where(m => m.Element("summary") is not null)
            .ToDictionary(m => m.Attribute("name")!.Value, m => Spaces().Replace(Text(m.Element("summary")!), " ").Trim());
    }

    private static string Text(XElement element) => string.Concat(element.Nodes().Select(node => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "see" or "paramref" } link =>
            (link.Attribute("cref") ?? link.Attribute("name"))?.Value.Split('.')[^1] ?? "",
        XElement inner => Text(inner),
        _ => "",
    }));

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
