using System.Buffers;
using System.IO.Pipelines;

namespace LightReasoner.Worker.Data;

/// <summary>Splits a stream into lines; no more than one line is in memory, and no line beyond a limit.</summary>
/// <param name="source">Read to its end; not closed.</param>
internal sealed class LineReader(Stream source, int maxBytes)
{
    private readonly PipeReader _pipe = PipeReader.Create(source, new StreamPipeReaderOptions(bufferSize: 1 << 16, leaveOpen: true));
    private SequencePosition? _consumed;

    /// <summary>The next line without its line feed, valid until the next call; null at the end.</summary>
    public async ValueTask<ReadOnlySequence<byte>?> ReadAsync(CancellationToken cancellation)
    {
        if (_consumed is { } consumed) _pipe.AdvanceTo(consumed);
        _consumed = null;
        long searched = 0; // without a line feed
        while (true)
        {
            var result = await _pipe.ReadAsync(cancellation);
            var buffer = result.Buffer;
            if (buffer.Slice(searched).PositionOf((byte)'\n') is { } end)
            {
                _consumed = buffer.GetPosition(1, end);
                return Checked(buffer.Slice(0, end));
            }
            if (result.IsCompleted)
            {
                _consumed = buffer.End;
                return buffer.IsEmpty ? null : Checked(buffer);
            }
            searched = Checked(buffer).Length;
            _pipe.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private ReadOnlySequence<byte> Checked(ReadOnlySequence<byte> line) => line.Length <= maxBytes ? line
        : throw new InvalidDataException($"is longer than {maxBytes >> 20} MiB");
}
