using k8s;
using k8s.Models;

namespace LightReasoner.Polyfills.Tests.Kubernetes;

public class KubernetesYamlTests
{
    [Fact]
    public void Yaml_IsRead()
    {
        var pod = KubernetesYaml.Deserialize<V1Pod>("""
            apiVersion: v1
            kind: Pod
            metadata:
              name: x
              labels: {version: "1.10", tier: '3'}
              creationTimestamp: 2026-01-02T03:04:05Z
            spec:
              containers:
              - name: main
                args: ["--flag", yes]
                resources: {limits: {cpu: 2, memory: 1.5Gi}}
                ports: [{containerPort: 80}]
                command:
                - |
                  two
                  lines
                image: "x"
            """);
        Assert.Equal("1.10", pod.GetLabel("version"));
        Assert.Equal(new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc), pod.CreationTimestamp());
        var container = Assert.Single(pod.Spec.Containers);
        Assert.Equal(["--flag", "yes"], container.Args);
        Assert.Equal("1536Mi", container.Resources.Limits["memory"].ToString());
        Assert.Equal(80, container.Ports[0].ContainerPort);
        Assert.Equal("two\nlines\n", container.Command[0]);
    }

    [Fact]
    public void Yaml_WrittenAndRead_IsTheSame()
    {
        var map = new V1ConfigMap
        {
            Metadata = new V1ObjectMeta { Name = "a", Labels = new Dictionary<string, string> { ["true"] = "true", ["n"] = "12", ["e"] = "", ["d"] = "1e3", ["colon"] = "a: b", ["hash"] = "# c", ["y"] = "y" } },
            Data = new Dictionary<string, string> { ["text"] = "one\ntwo\n", ["tail"] = " x ", ["json"] = """{"a": [1, null]}""" },
        };
        var read = KubernetesYaml.Deserialize<V1ConfigMap>(KubernetesYaml.Serialize(map));
        Assert.Equal(KubernetesJson.Serialize(map), KubernetesJson.Serialize(read));
    }
}
