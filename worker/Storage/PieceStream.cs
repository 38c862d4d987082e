namespace LightReasoner.Worker.Storage;

/// <summary>Reads a blob piece by piece, from any place.</summary>
/// <param name="read">Fills a piece from an offset on.</param>
internal sealed class PieceStream(long length, Func<long, Memory<byte>, Task> read) : ReadOnlyStream
{
    private readonly byte[] _piece = new byte[Math.Min(length, CloudBlobStore.PieceBytes)];
    private long _start;
    private int _filled;

    public override bool CanSeek => true;

    public override long Length => length;

    public override long Position { get; set; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Position >= length || buffer.Length == 0) return 0;
        if (Position < _start || Position >= _start + _filled)
        {
            var size = (int)Math.Min(_piece.Length, length - Position);
            _filled = 0;
            await read(Position, _piece.AsMemory(0, size)).WaitAsync(cancellationToken);
            (_start, _filled) = (Position, size);
        }
        int at = (int)(Position - _start), count = Math.Min(buffer.Length, _filled - at);
        _piece.AsMemory(at, count).CopyTo(buffer);
        Position += count;
        return count;
    }

    public override long Seek(long offset, SeekOrigin origin) => Position = offset + origin switch
    {
        SeekOrigin.Begin => 0,
        SeekOrigin.Current => Position,
        _ => length,
    };
}
