namespace LightReasoner.DevCluster.Rest;

/// <summary>pods/log (from the node's kubelet port) and pods/binding.</summary>
internal sealed class PodSubresources(Store store, ObjectWriter writer) : IDisposable
{
    // The kubelet's certificate is self-signed, as on most clusters.
    private readonly HttpClient kubelet = new(
        new SocketsHttpHandler { UseProxy = false, SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public Task Handle(ApiRequest request) => request.Subresource switch
    {
        "log" when request.Method == "GET" => Log(request),
        "binding" when request.Method == "POST" => Bind(request),
        _ => throw Fail.MethodNotAllowed(),
    };

    public void Dispose() => kubelet.Dispose();

    private async Task Log(ApiRequest request)
    {
        var pod = (store.Get("/pods", request.Namespace, request.Name) ?? throw request.Type.NotFound(request.Name)).Document;
        var container = Container(request, pod);
        if (pod.Text("spec", "nodeName") is not { Length: > 0 } name)
        {
            request.Http.Response.StatusCode = 204;
            return;
        }

        var node = store.Get("/nodes", "", name)?.Document ?? throw Fail.NotFound("", "nodes", name);
        var address = node.Items("status", "addresses").FirstOrDefault(a => a.Text("type") == "InternalIP").Text("address");
        var port = node.Number("status", "daemonEndpoints", "kubeletEndpoint", "Port") ?? 10250;
        var path = $"/containerLogs/{request.Namespace}/{request.Name}/{container}";
        var uri = new Uri($"https://{address}:{port}{path}{request.Http.Request.QueryString}");
        var abort = request.Http.RequestAborted;
        using var answer = await Get(uri, abort);
        if (!answer.IsSuccessStatusCode)
            throw Fail.BadRequest((await answer.Content.ReadAsStringAsync(abort)).Trim());
        request.Http.Response.ContentType = "text/plain";
        await using var stream = await answer.Content.ReadAsStreamAsync(abort);
        var buffer = new byte[16 * 1024];
        while (await stream.ReadAsync(buffer, abort) is var n and > 0)
        {
            await request.Http.Response.Body.WriteAsync(buffer.AsMemory(0, n), abort);
            await request.Http.Response.Body.FlushAsync(abort);
        }
    }

    private async Task<HttpResponseMessage> Get(Uri uri, CancellationToken abort)
    {
        try
        {
            return await kubelet.GetAsync(uri, HttpCompletionOption.ResponseHeadersRead, abort);
        }
        catch (HttpRequestException e)
        {
            throw Fail.ServerError($"Get \"{uri}\": {e.Message}");
        }
    }

    private static string Container(ApiRequest request, JsonObject pod)
    {
        var containers = pod.Items("spec", "containers").Select(c => c.Text("name")!).ToList();
        var all = pod.Items("spec", "initContainers").Select(c => c.Text("name")!).Concat(containers).ToList();
        if (request.Query("container") is { Length: > 0 } wanted)
            return all.Contains(wanted) ? wanted : throw Fail.BadRequest($"container {wanted} is not valid for pod {request.Name}");
        return containers.Count == 1 ? containers[0] : throw Fail.BadRequest(
            $"a container name must be specified for pod {request.Name}, choose one of: [{string.Join(' ', all)}]");
    }

    private async Task Bind(ApiRequest request)
    {
        request.ReadWriteParameters("CreateOptions");
        var body = (await Body.Read(request.Http.Request, "Binding", custom: false)).Object;
        if (body.Text("target", "name") is not { Length: > 0 } node)
            throw Fail.Invalid("", "Binding", body.Name(), [FieldError.Required("target.name")]);
        writer.Update(request.Type, request.Namespace, request.Name, "binding", pod =>
        {
            if (body.Text("metadata", "uid") is { Length: > 0 } uid && uid != pod.Uid())
                throw Fail.Conflict("", "pods/binding", request.Name,
                    $"Precondition failed: UID in precondition: {uid}, UID in object meta: {pod.Uid()}");
            if (pod.IsDeleting())
                throw Fail.Conflict("", "pods/binding", request.Name, $"pod {request.Name} is being deleted, cannot be assigned to a host");
            if (pod.Text("spec", "nodeName") is { Length: > 0 } taken)
                throw Fail.Conflict("", "pods/binding", request.Name,
                    $"pod {request.Name} is already assigned to node {FieldError.Quote(taken)}");
            pod["spec"]!["nodeName"] = node;
            pod.SetCondition(writer.Now, "PodScheduled", true);
            pod.Metadata().Remove("resourceVersion");
            return pod;
        }, new WriteOptions(request.FieldManager, request.DryRun));
        await Writing.Write(request.Http, 201, new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Success",
            ["code"] = 201,
        });
    }
}
