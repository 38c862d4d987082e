using System.Net.Sockets;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Resources;
using LightReasoner.DevCluster.Storage;
using Microsoft.AspNetCore.Http;

namespace LightReasoner.DevCluster.Rest;

/// <summary>pods/log (from the node's kubelet port), pods/binding, and a clear refusal of exec, attach and portforward.</summary>
internal sealed class PodSubresources(Store store, ObjectWriter writer) : IDisposable
{
    // The kubelet's certificate is self-signed, as on most clusters.
    private readonly HttpClient kubelet = new(new SocketsHttpHandler { UseProxy = false,
        SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public Task Handle(ApiRequest request) => request.Subresource switch
    {
        "log" when request.Method == "GET" => Log(request),
        "binding" when request.Method == "POST" => Bind(request),
        "exec" or "attach" or "portforward" when request.Method is "GET" or "POST" => Connect(request),
        _ => throw Fail.MethodNotAllowed(),
    };

    public void Dispose() => kubelet.Dispose();

    private JsonObject Pod(ApiRequest request)
        => (store.Get("/pods", request.Namespace, request.Name) ?? throw request.Type.NotFound(request.Name)).Document;

    private async Task Log(ApiRequest request)
    {
        var errors = LogErrors(request);
        if (errors.Count > 0)
            throw Fail.Invalid("", "PodLogOptions", request.Name, errors);
        var pod = Pod(request);
        var container = Container(request, pod);
        if (pod.Text("spec", "nodeName") is not { Length: > 0 } node)
        {
            request.Http.Response.StatusCode = 204;
            return;
        }

        var address = KubeletAddress(pod, node);
        var query = string.Join('&', request.Http.Request.Query.Where(q => q.Key != "container")
            .SelectMany(q => q.Value.Select(v => $"{Uri.EscapeDataString(q.Key)}={Uri.EscapeDataString(v ?? "")}")));
        var uri = new Uri($"{address}/containerLogs/{request.Namespace}/{request.Name}/{container}{(query.Length > 0 ? "?" + query : "")}");
        var abort = request.Http.RequestAborted;
        HttpResponseMessage answer;
        try
        {
            answer = await kubelet.GetAsync(uri, HttpCompletionOption.ResponseHeadersRead, abort);
        }
        catch (HttpRequestException e)
        {
            throw Fail.ServerError($"Get \"{uri}\": dial tcp {uri.Authority}: connect: "
                + $"{(e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused } ? "connection refused" : e.Message)}");
        }

        using (answer)
        {
            if (!answer.IsSuccessStatusCode)
                throw Fail.BadRequest((await answer.Content.ReadAsStringAsync(abort)).Trim());
            request.Http.Response.ContentType = "text/plain";
            await using var stream = await answer.Content.ReadAsStreamAsync(abort);
            var buffer = new byte[16 * 1024];
            int n;
            while ((n = await stream.ReadAsync(buffer, abort)) > 0)
            {
                await request.Http.Response.Body.WriteAsync(buffer.AsMemory(0, n), abort);
                await request.Http.Response.Body.FlushAsync(abort);
            }
        }
    }

    private static List<FieldError> LogErrors(ApiRequest request)
    {
        var errors = new List<FieldError>();
        foreach (var (key, minimum) in new[] { ("tailLines", 0L), ("limitBytes", 1L), ("sinceSeconds", 1L) })
        {
            if (ObjectReader.Number(request, key) is { } n && n < minimum)
                errors.Add(FieldError.Invalid(key, n, minimum == 0 ? "must be greater than or equal to 0" : "must be greater than 0"));
        }

        if (request.Query("sinceSeconds") is { Length: > 0 } && request.Query("sinceTime") is { Length: > 0 })
            errors.Add(FieldError.Forbidden("[]", "at most one of `sinceTime` or `sinceSeconds` may be specified"));
        if (request.Query("stream") is { Length: > 0 } and not "All")
            errors.Add(FieldError.Forbidden("stream", "may not be specified"));
        return errors;
    }

    private static string Container(ApiRequest request, JsonObject pod)
    {
        var containers = (pod.ArrayAt("spec", "containers") ?? []).Select(c => c.Text("name")!).ToList();
        var inits = (pod.ArrayAt("spec", "initContainers") ?? []).Select(c => c.Text("name")!).ToList();
        if (request.Query("container") is { Length: > 0 } wanted)
        {
            return containers.Contains(wanted) || inits.Contains(wanted)
                ? wanted
                : throw Fail.BadRequest($"container {wanted} is not valid for pod {request.Name}");
        }

        if (containers.Count == 1)
            return containers[0];
        throw Fail.BadRequest($"a container name must be specified for pod {request.Name}, choose one of: "
            + $"[{string.Join(' ', inits.Concat(containers))}]");
    }

    private string KubeletAddress(JsonObject pod, string node)
    {
        var document = store.Get("/nodes", "", node)?.Document ?? throw Fail.NotFound("", "nodes", node);
        var address = (document.ArrayAt("status", "addresses") ?? []).Where(a => a.Text("type") is "InternalIP" or "Hostname")
            .Select(a => a.Text("address")).FirstOrDefault()
                ?? throw Fail.ServerError($"no preferred addresses found; known addresses: []");
        var port = document.Number("status", "daemonEndpoints", "kubeletEndpoint", "Port") ?? 10250;
        return $"https://{address}:{port}";
    }

    private async Task Bind(ApiRequest request)
    {
        request.ReadWriteParameters("CreateOptions");
        var body = (await Body.Read(request.Http.Request, "Binding", custom: false)).Object;
        var node = body.Text("target", "name") ?? "";
        var errors = new List<FieldError>();
        if (body.Text("target", "kind") is { Length: > 0 } kind and not "Node")
            errors.Add(FieldError.NotSupported("target.kind", kind, "Node", "<empty>"));
        if (node.Length == 0)
            errors.Add(FieldError.Required("target.name"));
        if (errors.Count > 0)
            throw Fail.Invalid("", "Binding", body.Name(), errors);
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
            if (pod.ArrayAt("spec", "schedulingGates") is { Count: > 0 })
                throw Fail.Conflict("", "pods/binding", request.Name, $"pod {request.Name} has non-empty .spec.schedulingGates");
            pod["spec"]!["nodeName"] = node;
            foreach (var (key, value) in body.Map("metadata", "annotations") ?? [])
                pod.Metadata().Ensure("annotations")[key] = value?.DeepClone();
            var conditions = pod.ArrayAt("status", "conditions") ?? [];
            foreach (var old in conditions.Where(c => c.Text("type") == "PodScheduled").ToList())
                conditions.Remove(old);
            conditions.Add(new JsonObject
            {
                ["type"] = "PodScheduled",
                ["status"] = "True",
                ["lastProbeTime"] = null,
                ["lastTransitionTime"] = writer.Now,
                ["observedGeneration"] = pod.Number("metadata", "generation"),
            });
            if (conditions.Parent is null)
                pod.Ensure("status")["conditions"] = conditions;
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

    private Task Connect(ApiRequest request)
    {
        var pod = Pod(request);
        if (request.Subresource != "portforward")
            Container(request, pod);
        if (pod.Text("spec", "nodeName") is not { Length: > 0 })
            throw Fail.BadRequest($"pod {request.Name} does not have a host assigned");
        if (request.Http.Request.Headers.Upgrade.Count == 0)
            throw Fail.BadRequest("Upgrade request required");
        throw new ApiException(501, "NotImplemented",
            $"pods/{request.Subresource} is not served by the development cluster: its pods are local processes; use kubectl logs, or "
                + "look at the process itself");
    }
}
