using System.Diagnostics;

namespace LightReasoner.DevCluster.Tests;

/// <summary>Unmodified kubectl against the server.</summary>
public sealed class KubectlTests : IAsyncLifetime
{
    private const string Crd = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: widgets.example.dev}
        spec:
          group: example.dev
          scope: Namespaced
          names: {plural: widgets, singular: widget, kind: Widget, shortNames: [wd]}
          versions:
          - name: v1
            served: true
            storage: true
            subresources: {status: {}}
            additionalPrinterColumns:
            - {name: Size, type: integer, jsonPath: .spec.size}
            schema:
              openAPIV3Schema:
                type: object
                description: A widget.
                required: [spec]
                properties:
                  spec:
                    type: object
                    description: What the widget is like.
                    required: [size]
                    properties:
                      size: {type: integer, minimum: 1, description: How large it is.}
                      colour: {type: string, enum: [red, blue], default: red}
                    x-kubernetes-validations:
                    - {rule: "self.colour != 'blue' || self.size > 1", message: blue widgets are larger than 1}
                  status:
                    type: object
                    properties:
                      phase: {type: string}
        """;

    private const string Widget = """
        apiVersion: example.dev/v1
        kind: Widget
        metadata: {name: w}
        spec: {size: 3}
        """;

    private DevServer server = null!;
    private string kubectl = null!;

    public async ValueTask InitializeAsync()
    {
        kubectl = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(p => Path.Combine(p, "kubectl")).FirstOrDefault(File.Exists)
            ?? "";
        Assert.SkipWhen(kubectl.Length == 0, "kubectl is not installed");
        server = await DevServer.Start();
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
    }

    [Fact]
    public async Task Kubectl_AppliesShowsAndDeletesCustomResources()
    {
        await ApplyCrd();
        Assert.Equal("widget.example.dev/w created", await Ok("apply", "-f", Write("w.yaml", Widget)));
        Assert.Equal("widget.example.dev/w unchanged", await Ok("apply", "-f", Write("w.yaml", Widget)));
        Assert.Equal("widget.example.dev/w configured", await Ok("apply", "-f", Write("w.yaml", Widget.Replace("3", "4"))));
        Assert.Matches("NAME +SIZE\nw +4", await Ok("get", "wd"));
        Assert.Equal("red", await Ok("get", "widget", "w", "-o", "jsonpath={.spec.colour}"));
        Assert.Contains("Colour:  red", await Ok("describe", "widget", "w"));
        Assert.Contains("How large it is.", await Ok("explain", "widget.spec.size"));
        Assert.Equal("widget.example.dev/w labeled", await Ok("label", "widget", "w", "a=b"));
        Assert.Equal("widget.example.dev/w serverside-applied",
            await Ok("apply", "--server-side", "--force-conflicts", "-f", Write("w.yaml", Widget)));
        Assert.Contains("\"w\" deleted", await Ok("delete", "widget", "w"));
        Assert.Contains("No resources found", (await Run("get", "widgets")).Error);
    }

    [Fact]
    public async Task Kubectl_ShowsWhyADocumentIsRefused()
    {
        await ApplyCrd();
        var unknown = await Run("apply", "-f", Write("w.yaml", Widget.Replace("size: 3", "size: 3, sise: 4")));
        Assert.Contains("unknown field \"spec.sise\"", unknown.Error);
        var small = await Run("apply", "-f", Write("w.yaml", Widget.Replace("size: 3", "size: 0")));
        Assert.Contains("spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1", small.Error);
        var rule = await Run("apply", "-f", Write("w.yaml", Widget.Replace("size: 3", "size: 1, colour: blue")));
        Assert.Contains("blue widgets are larger than 1", rule.Error);
    }

    [Fact]
    public async Task Kubectl_WaitsForAConditionThatIsMet()
    {
        await ApplyCrd();
        await Ok("apply", "-f", Write("w.yaml", Widget));
        var wait = Run("wait", "--for=jsonpath={.status.phase}=Done", "widget/w", "--timeout=180s");
        await Ok("patch", "widget", "w", "--subresource=status", "--type=merge", "-p", "{\"status\":{\"phase\":\"Done\"}}");
        Assert.Equal("widget.example.dev/w condition met\n", (await wait).Output);
    }

    [Fact]
    public async Task Kubectl_CreatesWhatItSendsAsProtobuf()
    {
        await Ok("create", "namespace", "team");
        await Ok("create", "configmap", "c", "-n", "team", "--from-literal=a=b");
        await Ok("create", "secret", "generic", "s", "-n", "team", "--from-literal=a=b");
        await Ok("create", "serviceaccount", "runner", "-n", "team");
        Assert.Equal("b", await Ok("get", "configmap", "c", "-n", "team", "-o", "jsonpath={.data.a}"));
        Assert.Equal("Yg==", await Ok("get", "secret", "s", "-n", "team", "-o", "jsonpath={.data.a}"));
        Assert.Equal(3, (await Ok("create", "token", "runner", "-n", "team")).Split('.').Length);
        Assert.Equal("yes", await Ok("auth", "can-i", "create", "pods"));
        await Ok("delete", "namespace", "team");
    }

    private async Task ApplyCrd()
    {
        await Ok("apply", "-f", Write("crd.yaml", Crd));
        await Ok("wait", "--for=condition=Established", "crd/widgets.example.dev", "--timeout=180s");
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(server.Folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    private async Task<string> Ok(params string[] arguments)
    {
        var (code, output, error) = await Run(arguments);
        Assert.True(code == 0, $"kubectl {string.Join(' ', arguments)}: {code} {output} {error}");
        return output.TrimEnd('\n');
    }

    private async Task<(int Code, string Output, string Error)> Run(params string[] arguments)
    {
        var start = new ProcessStartInfo(kubectl, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["KUBECONFIG"] = server.Kubeconfig;
        start.Environment["HOME"] = server.Folder;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }
}
