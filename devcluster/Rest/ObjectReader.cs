using System.Globalization;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Resources;
using LightReasoner.DevCluster.Selectors;
using LightReasoner.DevCluster.Storage;

namespace LightReasoner.DevCluster.Rest;

/// <summary>GET of one object and of lists.</summary>
internal sealed class ObjectReader(Store store, TimeProvider time)
{
    public async Task Get(ApiRequest request)
    {
        var form = Negotiation.From(request.Http.Request);
        var text = request.Query("resourceVersion");
        if (text is { Length: > 0 })
        {
            if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version))
                throw Fail.ServerError($"strconv.ParseUint: parsing {FieldError.Quote(text)}: invalid syntax");
            await NotFuture(version, request);
        }

        var stored = store.Get(request.Type.StorageName, request.Namespace, request.Name) ?? throw request.Type.NotFound(request.Name);
        if (form == "PartialObjectMetadataList")
            throw Fail.ServerError("content is not a list");
        await Writing.Write(request.Http, 200, Present(request, form).One(stored.Document));
    }

    public Presentation Present(ApiRequest request, string form)
    {
        var include = request.Query("includeObject") ?? "";
        if (form == "Table" && include is not ("" or "None" or "Metadata" or "Object"))
            throw Fail.BadRequest($"Unable to convert to Table as requested: includeObject: Invalid value: {FieldError.Quote(include)}: "
                + "must be 'Metadata', 'Object', 'None', or empty");
        return new Presentation(request.Type, form, time, include);
    }

    public async Task List(ApiRequest request)
    {
        var form = Negotiation.From(request.Http.Request);
        if (form == "PartialObjectMetadata")
            throw new ApiException(406, "NotAcceptable",
                "you requested PartialObjectMetadata, but the requested object is a list (*unstructured.UnstructuredList)");
        var presentation = Present(request, form);
        var (labels, fields) = Selectors(request);
        var limit = Number(request, "limit");
        _ = Number(request, "timeoutSeconds");
        var token = request.Query("continue") is { Length: > 0 } text
            ? ContinueToken.Parse(text) ?? throw Fail.BadRequest("continue key is not valid: invalid continue token")
            : null;
        var match = request.Query("resourceVersionMatch") ?? "";
        var version = request.Query("resourceVersion") ?? "";
        CheckListParameters(match, version, token, request.Flag("sendInitialEvents")
            || request.Query("sendInitialEvents") is { Length: > 0 });
        var snapshot = await Snapshot(request, version, match, token);
        var matching = snapshot.Objects.Values.Where(o => InScope(o, request)
            && labels.Matches(o.Document.Map("metadata", "labels")) && fields.Matches(o.Document, request.Type.Strategy));
        if (token is not null)
            matching = matching.Where(o => string.CompareOrdinal(ContinueToken.KeyIn(request.Namespace, o), token.Start) >= 0);
        var all = matching.ToList();
        string? next = null;
        long? remaining = null;
        if (limit is > 0 && all.Count > limit && !(version == "0" && match.Length == 0))
        {
            if (labels.IsEverything && fields.IsEverything)
                remaining = all.Count - limit;
            all.RemoveRange((int)limit.Value, all.Count - (int)limit.Value);
            next = ContinueToken.After(snapshot.Version, request.Namespace, all[^1]).ToString();
        }

        await Writing.Write(request.Http, 200, presentation.List(all, snapshot.Version, next, remaining));
    }

    public static (LabelSelector Labels, FieldSelector Fields) Selectors(ApiRequest request)
        => (LabelSelector.Parse(request.Query("labelSelector")), FieldSelector.Parse(request.Query("fieldSelector"), request.Type));

    public static bool InScope(StoredObject o, ApiRequest request)
        => (request.Namespace.Length == 0 || o.Namespace == request.Namespace) && (request.Name.Length == 0 || o.Name == request.Name);

    public static long? Number(ApiRequest request, string key)
    {
        if (request.Query(key) is not { Length: > 0 } text)
            return null;
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n)
            ? n
            : throw Fail.BadRequest($"strconv.ParseInt: parsing {FieldError.Quote(text)}: invalid syntax");
    }

    private static void CheckListParameters(string match, string version, ContinueToken? token, bool initialEvents)
    {
        var errors = new List<FieldError>();
        if (initialEvents)
            errors.Add(FieldError.Forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
        if (match.Length > 0)
        {
            if (version.Length == 0)
                errors.Add(FieldError.Forbidden("resourceVersionMatch",
                    "resourceVersionMatch is forbidden unless resourceVersion is provided"));
            if (token is not null)
                errors.Add(FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided"));
            if (match is not ("Exact" or "NotOlderThan"))
                errors.Add(FieldError.NotSupported("resourceVersionMatch", match, "Exact", "NotOlderThan", ""));
            else if (match == "Exact" && version == "0")
                errors.Add(FieldError.Forbidden("resourceVersionMatch",
                    "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""));
        }

        if (errors.Count > 0)
            throw Fail.Invalid("meta.k8s.io", "ListOptions", "", errors);
        if (token is not null && version is not ("" or "0"))
            throw Fail.BadRequest("specifying resource version is not allowed when using continue");
    }

    private async Task<Snapshot> Snapshot(ApiRequest request, string version, string match, ContinueToken? token)
    {
        var resource = request.Type.StorageName;
        if (token is not null)
        {
            if (token.Version <= 0)
                return store.List(resource);
            return store.ListAt(resource, token.Version) ?? throw Fail.Expired(
                "The provided continue parameter is too old to display a consistent list result. You can start a new list without the "
                    + "continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
                    + "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
                    + "deleted between the time the first chunk was returned and now may show up in the list.",
                new ContinueToken(-1, token.Start).ToString());
        }

        if (version is "" or "0")
            return store.List(resource);
        if (!long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var at))
            throw Fail.BadRequest($"resourceVersion: Invalid value: {FieldError.Quote(version)}: strconv.ParseUint: parsing "
                + $"{FieldError.Quote(version)}: invalid syntax");
        await NotFuture(at, request);
        var exact = match == "Exact" || (match.Length == 0 && Number(request, "limit") is > 0);
        if (!exact)
            return store.List(resource);
        return store.ListAt(resource, at) ?? throw Fail.Expired("The resourceVersion for the provided list is too old.");
    }

    private async Task NotFuture(long version, ApiRequest request)
    {
        if (version <= store.Version)
            return;
        await Task.Delay(TimeSpan.FromSeconds(3), time, request.Http.RequestAborted);
        if (version <= store.Version)
            return;
        throw new ApiException(504, "Timeout", $"Too large resource version: {version}, current: {store.Version}", new()
        {
            ["causes"] =
                new System.Text.Json.Nodes.JsonArray(new System.Text.Json.Nodes.JsonObject { ["reason"] = "ResourceVersionTooLarge",
                ["message"] = "Too large resource version" }),
            ["retryAfterSeconds"] = 1,
        })
        { RetryAfter = 1 };
    }
}
