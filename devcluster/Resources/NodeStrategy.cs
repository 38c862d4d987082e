using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Tables;

namespace LightReasoner.DevCluster.Resources;

internal sealed class NodeStrategy : ResourceStrategy
{
    public override IReadOnlyList<string> SelectableFields { get; } = ["spec.unschedulable"];

    public override IReadOnlyList<Column> Columns { get; } =
    [
        Column.NameColumn,
        new("Status", Description: "The status of the node"),
        new("Roles", Description: "The roles of the node"),
        Column.Age,
        new("Version", Description: "Kubelet Version reported by the node."),
        new("Internal-IP", Description: "List of addresses reachable to the node.", Priority: 1),
        new("OS-Image", Description: "OS Image reported by the node from /etc/os-release (e.g. Debian GNU/Linux 7 (wheezy)).", Priority: 1),
    ];

    public override JsonArray Cells(JsonObject o, DateTimeOffset now)
    {
        var ready = (o.ArrayAt("status", "conditions") ?? []).FirstOrDefault(c => c.StringAt("type") == "Ready").StringAt("status");
        var status = ready switch { "True" => "Ready", null => "Unknown", _ => "NotReady" };
        if (o.BoolAt("spec", "unschedulable"))
            status += ",SchedulingDisabled";
        var address = (o.ArrayAt("status", "addresses") ?? []).FirstOrDefault(a => a.StringAt("type") == "InternalIP").StringAt("address");
        return
        [
            o.Name(), status, "<none>", TableText.Age(o, now), o.StringAt("status", "nodeInfo", "kubeletVersion") ?? "",
            address ?? "<none>", o.StringAt("status", "nodeInfo", "osImage") ?? "<unknown>",
        ];
    }
}
