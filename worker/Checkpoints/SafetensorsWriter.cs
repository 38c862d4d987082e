using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Checkpoints;

/// <summary>Writes a safetensors file beside its final name and renames it when it is complete.</summary>
internal static class SafetensorsWriter
{
    private const long ChunkElements = 4 << 20;

    /// <summary>A tensor to write; its value is asked for when its turn has come.</summary>
    internal sealed record Source(string Name, ScalarType Type, IReadOnlyList<long> Shape, Func<Tensor> Value)
    {
        public long Bytes => Shape.Aggregate(1L, (product, size) => product * size) * Type.ElementSize();
    }

    public static void Write(string path, IReadOnlyList<(string Name, Tensor Value)> tensors, ScalarType? castTo = null) =>
        Write(path,
            tensors.Select(tensor => new Source(tensor.Name, castTo ?? tensor.Value.dtype, tensor.Value.shape, () => tensor.Value)));

    public static void Write(string path, IEnumerable<Source> tensors)
    {
        // Wide types first, so that every tensor is aligned; then by name, so that the same tensors give the same bytes.
        var ordered = tensors.OrderByDescending(t => t.Type.ElementSize()).ThenBy(t => t.Name, StringComparer.Ordinal).ToList();
        Replace(path, stream =>
        {
            WriteHeader(stream, ordered);
            foreach (var tensor in ordered)
                WriteData(stream, tensor);
        });
    }

    /// <summary>Writes a file so that its name never shows half of it.</summary>
    public static void Replace(string path, Action<Stream> write)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static void WriteHeader(Stream stream, List<Source> tensors)
    {
        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString("format", "pt");
            json.WriteEndObject();
            long position = 0;
            foreach (var tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", Safetensors.NameOf(tensor.Type));
                json.WriteStartArray("shape");
                foreach (var size in tensor.Shape)
                    json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(position);
                json.WriteNumberValue(position += tensor.Bytes);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (header.Length % 8 != 0)
            header.WriteByte((byte)' ');
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        stream.Write(length);
        stream.Write(header.GetBuffer().AsSpan(0, (int)header.Length));
    }

    private static void WriteData(Stream stream, Source tensor)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var flat = tensor.Value().detach().contiguous().view(-1);
        for (long done = 0; done < flat.shape[0]; done += ChunkElements)
        {
            using var inner = NewDisposeScope();
            stream.Write(flat.narrow(0, done, Math.Min(ChunkElements, flat.shape[0] - done)).to(tensor.Type).cpu().bytes);
        }
    }
}
