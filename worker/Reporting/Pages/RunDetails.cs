using LightReasoner.Worker.Runs;

namespace LightReasoner.Worker.Reporting.Pages;

/// <summary>What was run, and every logged figure as a table.</summary>
internal static class RunDetails
{
    /// <summary>Rows of all tables together; of a longer log every so many lines are shown, the last one always.</summary>
    private const int MaxRows = 400, MaxFiles = 4;

    public static Html Of(RunRecords records) => Html.Of($"""
        <section>
        <h2>What was run</h2>
        <dl class="facts">
        <dt>Versions</dt><dd>{string.Join(", ", records.Versions.Select(part => $"{part.Key} {part.Value}"))}</dd>
        {records.Inputs.Select(Input)}
        {Facts(records)}
        </dl>
        <details><summary>The document</summary><pre>{ManifestReader.ToYaml(records.Manifest)}</pre></details>
        {records.Metrics.Select(file => Table(file.Name, file.Lines, Math.Max(20, MaxRows / records.Metrics.Count)))}
        </section>
        """);

    /// <summary>A model or a dataset, with the fingerprints of what matters most in it.</summary>
    private static Html Input((string Field, string Uri, IReadOnlyDictionary<string, string> Files) input)
    {
        KeyValuePair<string, string>[] first =
            [.. input.Files.OrderBy(file => !file.Key.EndsWith(".safetensors", StringComparison.Ordinal)).Take(MaxFiles)];
        var left = input.Files.Count - first.Length;
        var more = left > 0 ? Html.Of($"<br>and {left:N0} {(left == 1 ? "file" : "files")} more (run.json lists them all)") : Html.Empty;
        var files = first.Select(file => Html.Of($"<br>{Path.GetFileName(file.Key)} <code>{file.Value}</code>"));
        return Html.Of($"<dt>{input.Field}</dt><dd>{input.Uri}{files}{more}</dd>");
    }

    /// <summary>Where it ran, what it took, and what that means for a run of another size.</summary>
    private static Html Facts(RunRecords records)
    {
        if (records.Usage.Count == 0) return Html.Empty;
        var unit = records.Manifest is SamplingRun ? "questions" : "steps";
        long peak = records.Usage.Max(usage => usage.PeakMemory) ?? 0, most = records.Results.Max(result => result.PredictedMemory) ?? 0;
        int interruptions = records.Usage.Sum(usage => usage.Interruptions), devices = records.Usage.Max(usage => usage.Devices);
        double[] rates = [.. records.Results.Select(result => result.RatePerSecond ?? 0).Where(rate => rate > 0)];
        var hours = records.Manifest.RunSpec.Worker.Gpus > 0 ? "GPU hours" : "CPU hours";
        var measured = peak > 0 ? $"{MemoryPrediction.Amount(peak)} at the peak" : "not measured";
        var predicted = most > 0 ? $", {MemoryPrediction.Amount(most)} predicted" : "";
        var time = ConsoleProgress.Duration(TimeSpan.FromSeconds(records.Usage.Sum(usage => usage.Seconds)));
        var times = $"{interruptions} time{(interruptions == 1 ? "" : "s")}";
        var shards = records.Usage.Count > 1 ? $" ({records.Usage.Count} shards)" : "";
        var cost = rates.Length == 0 ? Html.Empty : Html.Of(
            $"<dt>Cost</dt><dd>{1000 * devices * rates.Average(rate => 1 / rate) / 3600:0.####} {hours} per 1,000 {unit}</dd>");
        return Html.Of($"""
            <dt>Device</dt><dd>{string.Join("; ", records.Usage.Select(usage => usage.Device).Distinct())}</dd>
            <dt>Memory</dt><dd>{measured}{predicted}</dd>
            <dt>Time</dt><dd>{time} of the attempts that ended it{shards}; interrupted {times} before</dd>
            {cost}
            """);
    }

    private static Html Table(string name, IReadOnlyList<JsonObject> lines, int most)
    {
        var every = (lines.Count + most - 1) / most;
        JsonObject[] shown = [.. lines.Where((_, i) => i % Math.Max(1, every) == 0 || i == lines.Count - 1)];
        string[] columns = [.. lines.SelectMany(line => line.Select(p => p.Key)).Distinct()];
        var left = every > 1 ? $", {shown.Length} of {lines.Count} lines" : "";
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
