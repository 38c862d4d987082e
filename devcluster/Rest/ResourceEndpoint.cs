using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Resources;
using LightReasoner.DevCluster.Storage;
using LightReasoner.DevCluster.Watch;
using Microsoft.AspNetCore.Http;

namespace LightReasoner.DevCluster.Rest;

/// <summary>The verbs of every resource: create, get, list, watch, update, patch, delete, deletecollection.</summary>
internal sealed class ResourceEndpoint(ObjectReader reader, ObjectWriter writer, ObjectDeleter deleter, WatchStream watch)
{
    private readonly PatchRequest patch = new(writer);

    public Task Handle(ApiRequest request)
    {
        var one = request.Name.Length > 0;
        switch (request.Method)
        {
            case "GET" or "HEAD" when !one:
                var watched = request.Query("watch") is not null && request.Flag("watch");
                Allow(request, watched ? "watch" : "list");
                return watched ? watch.Serve(request) : reader.List(request);
            case "GET" or "HEAD":
                Allow(request, "get");
                return reader.Get(request);
            case "POST" when !one || request.Type.Custom && request.Subresource.Length == 0:
                Allow(request, "create");
                return Create(request);
            case "PUT":
                Allow(request, "update");
                return Update(request);
            case "PATCH":
                Allow(request, "patch");
                return Patch(request);
            case "DELETE" when request.Subresource.Length == 0:
                Allow(request, one ? "delete" : "deletecollection");
                return one ? Delete(request) : DeleteCollection(request);
            default:
                throw NotAllowed(request);
        }
    }

    private static ApiException NotAllowed(ApiRequest request)
        => request.Type.Custom
            ? new ApiException(405, "MethodNotAllowed",
                $"{Verb(request)} is not supported on resources of kind \"{request.Type.QualifiedName}\"",
                Fail.Details("", request.Type.Group, request.Type.Plural))
            : Fail.MethodNotAllowed();

    private static string Verb(ApiRequest request) => request.Method switch
    {
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => "",
    };

    private static void Allow(ApiRequest request, string verb)
    {
        var one = request.Name.Length > 0;
        if (verb is "update" or "patch" && !one)
            throw request.Type.Custom ? Fail.BadRequest("name must be provided") : Fail.MethodNotAllowed();
        if (verb is "create" or "deletecollection" && request.Type.Namespaced && request.Namespace.Length == 0)
            throw request.Type.Custom ? Fail.PageNotFound() : Fail.MethodNotAllowed();
        if (request.Subresource.Length == 0 && !request.Type.Verbs.Contains(verb))
            throw Fail.MethodNotAllowed();
    }

    private async Task Create(ApiRequest request)
    {
        request.ReadWriteParameters("CreateOptions");
        var form = Negotiation.From(request.Http.Request);
        var body = await Body.Read(request.Http.Request, request.Type.Kind, request.Type.Custom);
        var o = Decoder.Decode(request, body);
        CheckNamespace(request, o);
        var stored = writer.Create(request.Type, request.Namespace, o, new WriteOptions(request.FieldManager, request.DryRun));
        WarnOfFinalizers(request, o, null);
        await Answer(request, form, stored, 201);
    }

    private async Task Update(ApiRequest request)
    {
        request.ReadWriteParameters("UpdateOptions");
        var form = Negotiation.From(request.Http.Request);
        var body = await Body.Read(request.Http.Request, request.Type.Kind, request.Type.Custom);
        var o = Decoder.Decode(request, body);
        if (o.Name().Length == 0)
            throw Fail.NameMissing(request.Name);
        if (o.Name() != request.Name)
            throw Fail.BadRequest($"the name of the object ({o.Name()}) does not match the name on the URL ({request.Name})");
        CheckNamespace(request, o);
        var type = request.Type;
        var exists = writer.Store.Get(type.StorageName, request.Namespace, request.Name) is not null;
        if (!exists && type.Strategy.CreateOnUpdate && request.Subresource.Length == 0)
        {
            o.Metadata().Remove("resourceVersion");
            await Answer(request, form, writer.Create(type, request.Namespace, o, new WriteOptions(request.FieldManager, request.DryRun)),
                201);
            return;
        }

        if (!exists)
            throw type.NotFound(request.Name);
        var unconditional = o.Text("metadata", "resourceVersion") is null or "" or "0";
        if (unconditional && (type.Custom || !type.Strategy.UnconditionalUpdate))
        {
            throw Fail.Invalid(type.Group, type.Plural, request.Name,
                [FieldError.Invalid("metadata.resourceVersion", 0, "must be specified for an update")]);
        }

        var before = writer.Store.Get(type.StorageName, request.Namespace, request.Name)?.Document;
        var stored = writer.Update(type, request.Namespace, request.Name, request.Subresource, _ => o.Copy(),
            new WriteOptions(request.FieldManager, request.DryRun));
        if (request.Subresource.Length == 0)
            WarnOfFinalizers(request, o, before);
        await Answer(request, form, stored, 200);
    }

    private async Task Patch(ApiRequest request)
    {
        var form = Negotiation.From(request.Http.Request);
        var (stored, created) = await patch.Handle(request);
        await Answer(request, form, stored, created ? 201 : 200);
    }

    private async Task Delete(ApiRequest request)
    {
        var form = Negotiation.From(request.Http.Request);
        var options = await DeleteRequest.Read(request);
        var (stored, gone) = deleter.Delete(request.Type, request.Namespace, request.Name, options);
        if (options.Policy is null && options.OrphanDependents is null && request.Type.Strategy.OrphanByDefault)
            request.Warn(JobStrategy.OrphanWarning);
        if (!gone || request.Type.Strategy.DeleteReturnsObject)
        {
            await Answer(request, form, stored, 200);
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
        var form = Negotiation.From(request.Http.Request);
        var options = await DeleteRequest.Read(request);
        var (labels, fields) = ObjectReader.Selectors(request);
        var snapshot = writer.Store.List(request.Type.StorageName);
        var deleted = new List<StoredObject>();
        foreach (var stored in snapshot.Objects.Values)
        {
            if (!ObjectReader.InScope(stored, request) || !labels.Matches(stored.Document.Map("metadata", "labels"))
                || !fields.Matches(stored.Document, request.Type.Strategy))
                continue;
            try
            {
                deleter.Delete(request.Type, stored.Namespace, stored.Name, options);
                deleted.Add(stored);
            }
            catch (ApiException e) when (e.Code == 404)
            {
                // Somebody else was faster.
            }
        }

        if (options.Policy is null && options.OrphanDependents is null && request.Type.Strategy.OrphanByDefault && deleted.Count > 0)
            request.Warn(JobStrategy.OrphanWarning);
        await Writing.Write(request.Http, 200, reader.Present(request, form).List(deleted, snapshot.Version, null, null));
    }

    private async Task Answer(ApiRequest request, string form, StoredObject stored, int status)
        => await Writing.Write(request.Http, status, reader.Present(request, form).One(stored.Document));

    private static void WarnOfFinalizers(ApiRequest request, JsonObject o, JsonObject? old)
    {
        var before = old.At("metadata", "finalizers").StringItems().ToHashSet();
        foreach (var finalizer in o.At("metadata", "finalizers").StringItems()
            .Where(f => request.Type.Custom && !f.Contains('/') && !before.Contains(f)))
        {
            if (finalizer is not ("orphan" or "foregroundDeletion" or "kubernetes"))
                request.Warn($"metadata.finalizers: {FieldError.Quote(finalizer)}: prefer a domain-qualified finalizer name including a "
                    + "path (/) to avoid accidental conflicts with other finalizer writers");
        }
    }

    private static void CheckNamespace(ApiRequest request, JsonObject o)
    {
        if (request.Type.Namespaced && o.Namespace().Length > 0 && o.Namespace() != request.Namespace)
            throw Fail.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
    }
}
