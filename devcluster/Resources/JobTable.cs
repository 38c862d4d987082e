using System.Globalization;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Selectors;
using LightReasoner.DevCluster.Tables;

namespace LightReasoner.DevCluster.Resources;

/// <summary>What <c>kubectl get jobs</c> shows.</summary>
internal static class JobTable
{
    public static readonly IReadOnlyList<Column> Columns =
    [
        Column.NameColumn,
        new("Status", Description: "Status of the job."),
        new("Completions", Description: "The number of pods which reached phase Succeeded. The value increases monotonically for a given spec. However, it may decrease in reaction to scale down of elastic indexed jobs."),
        new("Duration", Description: "Time required to complete the job."),
        Column.Age,
        new("Containers", Description: "Names of each container in the template.", Priority: 1),
        new("Images", Description: "Images referenced by each container in the template.", Priority: 1),
        new("Selector", Description: "A label query over pods that should match the pod count. Normally, the system sets this field for you. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors", Priority: 1),
    ];

    public static JsonArray Cells(JsonObject o, DateTimeOffset now)
    {
        var succeeded = o.LongAt("status", "succeeded") ?? 0;
        var completions = o.LongAt("spec", "completions") is { } wanted ? $"{succeeded}/{wanted}"
            : o.LongAt("spec", "parallelism") is { } parallel and > 1 ? $"{succeeded}/1 of {parallel}" : $"{succeeded}/1";
        var containers = (o.ArrayAt("spec", "template", "spec", "containers") ?? []).OfType<JsonObject>().ToList();
        return
        [
            o.Name(), Status(o), completions, Duration(o, now), TableText.Age(o, now),
            string.Join(",", containers.Select(c => c.StringAt("name"))), string.Join(",", containers.Select(c => c.StringAt("image"))),
            o.ObjectAt("spec", "selector") is { } selector ? LabelSelector.FromObject(selector).ToString() : "<none>",
        ];
    }

    private static string Status(JsonObject o)
    {
        bool Has(string type) => (o.ArrayAt("status", "conditions") ?? []).Any(c => c.StringAt("type") == type && c.StringAt("status") == "True");
        return Has("Complete") ? "Complete"
            : Has("Failed") ? "Failed"
            : o.IsDeleting() ? "Terminating"
            : Has("Suspended") ? "Suspended"
            : Has("FailureTarget") ? "FailureTarget"
            : Has("SuccessCriteriaMet") ? "SuccessCriteriaMet"
            : "Running";
    }

    private static string Duration(JsonObject o, DateTimeOffset now)
    {
        if (Time(o.StringAt("status", "startTime")) is not { } start)
            return "";
        var failed = (o.ArrayAt("status", "conditions") ?? []).FirstOrDefault(c => c.StringAt("type") == "Failed" && c.StringAt("status") == "True");
        var end = Time(o.StringAt("status", "completionTime")) ?? Time(failed.StringAt("lastTransitionTime")) ?? now;
        return TableText.Duration(end - start);
    }

    private static DateTimeOffset? Time(string? text)
        => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out var t) ? t : null;
}
