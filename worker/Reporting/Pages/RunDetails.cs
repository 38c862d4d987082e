using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.Api;

namespace LightReasoner.Worker.Reporting.Pages;

/// <summary>What was run, and every logged figure as a table.</summary>
internal static class RunDetails
{
    /// <summary>Rows of all tables together; of a longer log every so many lines are shown, the last one always.</summary>
    private const int MaxRows = 400, MaxFiles = 12;

    public static Html Of(RunRecords records) => Html.Of($"""
        <section>
        <h2>What was run</h2>
        <dl class="facts">
        <dt>Versions</dt><dd>{string.Join(", ", records.Versions.Select(part => $"{part.Key} {part.Value}"))}</dd>
        {records.Data.Take(MaxFiles).Select(data => Html.Of($"<dt>Data</dt><dd>{data.Key}<br><code>{data.Value}</code></dd>"))}
        {(records.Data.Count > MaxFiles ? Html.Of($"<dt></dt><dd>and {records.Data.Count - MaxFiles:N0} files more (run.json lists them all)</dd>") : Html.Empty)}
        </dl>
        <details><summary>The document</summary><pre>{ManifestReader.ToYaml(records.Manifest)}</pre></details>
        {records.Metrics.Select(file => Table(file.Name, file.Lines, Math.Max(20, MaxRows / records.Metrics.Count)))}
        </section>
        """);

    private static Html Table(string name, IReadOnlyList<JsonObject> lines, int most)
    {
        int every = (lines.Count + most - 1) / most;
        JsonObject[] shown = [.. lines.Where((_, i) => i % Math.Max(1, every) == 0 || i == lines.Count - 1)];
        string[] columns = [.. lines.SelectMany(line => line.Select(p => p.Key)).Distinct()];
        string left = every > 1 ? $", {shown.Length} of {lines.Count} lines" : "";
        return Html.Of($"""
            <details><summary>All logged figures ({name}{left})</summary><div class="scroll"><table data-file="{name}">
            <thead><tr>{columns.Select(column => Html.Of($"<th>{column}</th>"))}</tr></thead>
            <tbody>
            {shown.Select(line => Html.Of($"<tr>{columns.Select(column => Html.Of($"<td>{Cell(line[column])}</td>"))}</tr>\n"))}</tbody>
            </table></div></details>
            """);
    }

    /// <summary>A number just as the log has it.</summary>
    private static string Cell(JsonNode? node) => node switch
    {
        null => "",
        JsonArray list => string.Join("  ", list.Select(entry => entry!.ToJsonString())),
        JsonValue text when text.GetValueKind() == JsonValueKind.String => text.GetValue<string>(),
        _ => node.ToJsonString(),
    };
}
