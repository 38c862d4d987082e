using System.Buffers;

namespace LightReasoner.Worker.Storage;

/// <summary>Large blobs go over the network in pieces, several at once, so that one that fails is all that is sent again.</summary>
internal static class Pieces
{
    /// <summary>What goes in one request.</summary>
    public const int Bytes = 8 << 20;

    /// <summary>Requests under way at once for one large blob.</summary>
    public const int Concurrency = 4;

    /// <summary>Bytes of a piece of a blob that may have so many.</summary>
    public static int SizeFor(long length, int most) => (int)Math.Max(Bytes, (length + most - 1) / most);

    /// <summary>Does something with the pieces of a stream from its place on, several at once.</summary>
    /// <param name="work">Takes a piece's number, from 1, and its content.</param>
    public static Task EachAsync(Stream content, int size, Func<int, MemoryStream, CancellationToken, Task> work,
        CancellationToken cancellation)
    {
        return Parallel.ForEachAsync(ReadAsync(), new ParallelOptions
        {
            MaxDegreeOfParallelism = Concurrency,
            CancellationToken = cancellation
        }, async (piece, stop) =>
        {
            try
            {
                await work(piece.Number, new MemoryStream(piece.Buffer, 0, piece.Length, writable: false, publiclyVisible: true), stop);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(piece.Buffer);
            }
        });

        async IAsyncEnumerable<(int Number, byte[] Buffer, int Length)> ReadAsync()
        {
            for (int number = 1; ; number++)
            {
                var buffer = ArrayPool<byte>.Shared.Rent(size);
                var length = await content.ReadAtLeastAsync(buffer.AsMemory(0, size), size, throwOnEndOfStream: false, cancellation);
                if (length == 0) yield break;
                yield return (number, buffer, length);
            }
        }
    }
}
