namespace LightReasoner.Worker.Storage;

/// <summary>Large blobs go over the network in pieces, several at once, so that one that fails is all that is sent again.</summary>
internal static class Pieces
{
    /// <summary>What goes in one request.</summary>
    public const int Bytes = 8 << 20;

    /// <summary>Requests under way at once for one large blob.</summary>
    public const int Concurrency = 4;
}
