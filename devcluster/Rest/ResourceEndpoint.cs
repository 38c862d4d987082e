using LightReasoner.DevCluster.Watch;

namespace LightReasoner.DevCluster.Rest;

/// <summary>The verbs of every resource: create, get, list, watch, update, patch, delete, deletecollection.</summary>
internal sealed class ResourceEndpoint(ObjectReader reader, ObjectWriter writer, ObjectDeleter deleter, WatchStream watch)
{
    private readonly PatchRequest patch = new(writer);

    public Task Handle(ApiRequest request)
    {
        var one = request.Name.Length > 0;
        var (verb, action) = (request.Method, one) switch
        {
            ("GET" or "HEAD", true) => Of("get", reader.Get),
            ("GET" or "HEAD", false) => request.Flag("watch") ? Of("watch", watch.Serve) : Of("list", reader.List),
            ("POST", false) => Of("create", Create),
            ("PUT", true) => Of("update", Update),
            ("PATCH", true) => Of("patch", Patch),
            ("DELETE", _) when request.Subresource.Length == 0 => one ? Of("delete", Delete) : Of("deletecollection", DeleteCollection),
            _ => throw Fail.MethodNotAllowed(),
        };
        if ((request.Subresource.Length == 0 && !request.Type.Verbs.Contains(verb))
            || (verb is "create" or "deletecollection" && request.Type.Namespaced && request.Namespace.Length == 0))
            throw Fail.MethodNotAllowed();
        return action(request);

        static (string, Func<ApiRequest, Task>) Of(string verb, Func<ApiRequest, Task> action) => (verb, action);
    }

    private async Task Create(ApiRequest request)
    {
        request.ReadWriteParameters("CreateOptions");
        var o = DocumentDecoder.Decode(request, await Body.Read(request.Http.Request, request.Type.Kind, request.Type.Custom));
        DocumentDecoder.CheckName(request, o);
        var options = new WriteOptions(request.FieldManager, request.DryRun);
        await Answer(request, writer.Create(request.Type, request.Namespace, o, options), 201);
    }

    private async Task Update(ApiRequest request)
    {
        request.ReadWriteParameters("UpdateOptions");
        var type = request.Type;
        var o = DocumentDecoder.Decode(request, await Body.Read(request.Http.Request, type.Kind, type.Custom));
        DocumentDecoder.CheckName(request, o);
        var options = new WriteOptions(request.FieldManager, request.DryRun);
        if (type.Strategy.CreateOnUpdate && request.Subresource.Length == 0
            && writer.Store.Get(type.StorageName, request.Namespace, request.Name) is null)
        {
            o.Metadata().Remove("resourceVersion");
            await Answer(request, writer.Create(type, request.Namespace, o, options), 201);
            return;
        }

        await Answer(request, writer.Update(type, request.Namespace, request.Name, request.Subresource, _ =>
        {
            if (o.Text("metadata", "resourceVersion") is null or "" or "0" && !type.Strategy.UnconditionalUpdate)
                throw Fail.Invalid(type.Group, type.Plural, request.Name,
                    [FieldError.Invalid("metadata.resourceVersion", 0, "must be specified for an update")]);
            return o.Copy();
        }, options), 200);
    }

    private async Task Patch(ApiRequest request)
    {
        var (stored, created) = await patch.Handle(request);
        await Answer(request, stored, created ? 201 : 200);
    }

    private async Task Delete(ApiRequest request)
    {
        var options = await DeleteRequest.Read(request);
        var (stored, gone) = deleter.Delete(request.Type, request.Namespace, request.Name, options);
        if (options.Policy is null && request.Type.Strategy.OrphanByDefault)
            request.Warn(JobStrategy.OrphanWarning);
        if (!gone || request.Type.Strategy.DeleteReturnsObject)
        {
            await Answer(request, stored, 200);
            return;
        }

        var details = Fail.Details(stored.Name, request.Type.Group, request.Type.Plural);
        details["uid"] = stored.Document.Uid();
        await Writing.Write(request.Http, 200, new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Success",
            ["details"] = details,
        });
    }

    private async Task DeleteCollection(ApiRequest request)
    {
        var options = await DeleteRequest.Read(request);
        var scope = new Scope(request);
        var snapshot = writer.Store.List(request.Type.StorageName);
        var deleted = new List<StoredObject>();
        foreach (var stored in snapshot.Objects.Values.Where(scope.Contains))
        {
            try
            {
                deleter.Delete(request.Type, stored.Namespace, stored.Name, options);
                deleted.Add(stored);
            }
            catch (ApiException e) when (e.NotFound)
            {
                // Somebody else was faster.
            }
        }

        await Writing.Write(request.Http, 200, reader.Present(request).List(deleted, snapshot.Version));
    }

    private Task Answer(ApiRequest request, StoredObject stored, int status)
        => Writing.Write(request.Http, status, reader.Present(request).One(stored.Document));
}
