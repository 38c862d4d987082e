using System.Text.Json.Nodes;
using LightReasoner.Worker.Reporting.Charts;

namespace LightReasoner.Worker.Reporting.Pages;

/// <summary>The metrics lines of a training run, by field.</summary>
internal sealed class TrainingLog(RunRecords records)
{
    private readonly IReadOnlyList<JsonObject> _lines = records.Metrics.Count == 0 ? [] : records.Metrics[0].Lines;

    public double? First(string field) => _lines.Count == 0 ? null : (double?)_lines[0][field];

    public double? Last(string field) => _lines.Count == 0 ? null : (double?)_lines[^1][field];

    /// <summary>A field over the steps; of a list, one entry.</summary>
    public Series Series(string field, string name, int? entry = null) => new(name,
    [
        .. from line in _lines
           let value = entry is { } i ? (line[field] as JsonArray)?.ElementAtOrDefault(i) : line[field]
           where value is not null
           select ((double)line["step"]!, (double)value),
    ]);
}
