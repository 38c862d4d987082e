using Microsoft.Win32.SafeHandles;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Checkpoints;

/// <summary>
/// An open safetensors file. Tensors are read on demand, straight from the page cache into their final memory: nothing is read
/// twice, and a file that shrinks meanwhile gives an error (a mapping would end the process).
/// </summary>
internal sealed class SafetensorsFile : IDisposable
{
    private const int ChunkBytes = 16 << 20;

    private readonly SafeFileHandle _handle;

    /// <summary>Opens a file and checks its whole header; no tensor is read yet.</summary>
    /// <exception cref="InvalidDataException">The file is no well-formed safetensors file; names the file and the tensor.</exception>
    public SafetensorsFile(string path)
    {
        Path = path;
        using (var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0))
            Entries = Safetensors.ReadHeader(stream, path);
        _handle = File.OpenHandle(path, options: FileOptions.SequentialScan);
    }

    public string Path { get; }
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries { get; }

    /// <summary>Reads a tensor into new memory, cast to <paramref name="dtype"/> (default: as stored).</summary>
    public Tensor Load(string name, ScalarType? dtype = null)
    {
        var entry = Find(name);
        var tensor = empty([.. entry.Shape], dtype: dtype ?? entry.Type);
        CopyTo(name, tensor);
        return tensor;
    }

    /// <summary>Reads a tensor into <paramref name="destination"/>, contiguous and of the same shape; casts and moves as needed.</summary>
    public void CopyTo(string name, Tensor destination)
    {
        var entry = Find(name);
        if (!entry.Shape.SequenceEqual(destination.shape))
            throw new InvalidDataException($"{Path}: tensor '{name}' has shape {SafetensorsEntry.Format(entry.Shape)}, expected "
                + $"{SafetensorsEntry.Format(destination.shape)}");
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var flat = destination.detach().view(-1);
        var elementSize = entry.Type.ElementSize();
        var direct = destination.device_type == DeviceType.CPU && destination.dtype == entry.Type;
        var chunk = Math.Min(entry.Count, ChunkBytes / elementSize);
        var staging = direct ? null : empty([chunk], dtype: entry.Type);
        for (long done = 0; done < entry.Count; done += chunk)
        {
            using var inner = NewDisposeScope();
            var count = Math.Min(chunk, entry.Count - done);
            var part = flat.narrow(0, done, count);
            var target = staging?.narrow(0, 0, count) ?? part;
            Read(entry, done * elementSize, target.bytes);
            if (!direct)
                part.copy_(target);
        }
    }

    public void Dispose() => _handle.Dispose();

    private void Read(SafetensorsEntry entry, long offset, Span<byte> destination)
    {
        var position = entry.Position + offset;
        while (!destination.IsEmpty)
        {
            var count = RandomAccess.Read(_handle, destination, position);
            if (count == 0)
                throw new InvalidDataException($"{Path}: tensor '{entry.Name}': the file ended at {position}; it was truncated while "
                    + "being read");
            destination = destination[count..];
            position += count;
        }
    }

    private SafetensorsEntry Find(string name) =>
        Entries.TryGetValue(name, out var entry) ? entry : throw new InvalidDataException($"{Path}: tensor '{name}' is missing");
}
