using System.Buffers.Text;

namespace LightReasoner.DevCluster.Rest;

/// <summary>What of a resource a request is about: its namespace, its name, its selectors.</summary>
internal sealed class Scope(ApiRequest request)
{
    private readonly LabelSelector labels = LabelSelector.Parse(request.Query("labelSelector"));
    private readonly FieldSelector fields = FieldSelector.Parse(request.Query("fieldSelector"), request.Type);

    public bool HasSelectors => !labels.IsEverything || !fields.IsEverything;

    public bool Contains(StoredObject o)
        => (request.Namespace.Length == 0 || o.Namespace == request.Namespace) && (request.Name.Length == 0 || o.Name == request.Name)
            && labels.Matches(o.Document.Map("metadata", "labels")) && fields.Matches(o.Document, request.Type.Strategy);
}

/// <summary>GET of one object and of lists.</summary>
internal sealed class ObjectReader(Store store, TimeProvider time)
{
    public Task Get(ApiRequest request)
    {
        var stored = store.Get(request.Type.StorageName, request.Namespace, request.Name) ?? throw request.Type.NotFound(request.Name);
        return Writing.Write(request.Http, 200, Present(request).One(stored.Document));
    }

    public Presentation Present(ApiRequest request) => new(request, time);

    public Task List(ApiRequest request)
    {
        var scope = new Scope(request);
        var (version, after) = ReadToken(request.Query("continue"));
        var snapshot = version is null ? store.List(request.Type.StorageName)
            : store.ListAt(request.Type.StorageName, version.Value) ?? throw Fail.Expired(
                "The provided continue parameter is too old to display a consistent list result. You must start a new list without it.");
        var all = snapshot.Objects.Values.Where(o => string.CompareOrdinal(o.Key, after) > 0 && scope.Contains(o)).ToList();
        string? next = null;
        long? remaining = null;
        if (request.Number("limit") is { } limit and > 0 && all.Count > limit)
        {
            remaining = scope.HasSelectors ? null : all.Count - limit;
            all.RemoveRange((int)limit, all.Count - (int)limit);
            next = Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{snapshot.Version} {all[^1].Key}"));
        }

        return Writing.Write(request.Http, 200, Present(request).List(all, snapshot.Version, next, remaining));
    }

    /// <summary>Where a paged list goes on: the version that it is taken at, and the last key of the page before.</summary>
    private static (long? Version, string After) ReadToken(string? token)
    {
        if (token is null or "")
            return (null, "");
        try
        {
            var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token)).Split(' ');
            return (long.Parse(parts[0], CultureInfo.InvariantCulture), parts[1]);
        }
        catch (Exception e) when (e is FormatException or IndexOutOfRangeException)
        {
            throw Fail.BadRequest("continue key is not valid: invalid continue token");
        }
    }
}
