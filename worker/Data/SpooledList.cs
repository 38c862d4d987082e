using System.Collections;
using Microsoft.Win32.SafeHandles;

namespace LightReasoner.Worker.Data;

/// <summary>
/// A list whose elements lie in a temporary file once they are many, so that the size of a dataset does not count for memory: eight bytes
/// an element stay. They lie there as JSON, are added first and read at any place afterwards, each time anew. The file has no name in the
/// file system, so nothing of it outlives the process.
/// </summary>
internal sealed class SpooledList<T>(int memory = 32 << 20) : IReadOnlyList<T>, IDisposable
{
    private readonly List<long> _ends = [];
    private readonly MemoryStream _recent = new(); // what is not in the file yet
    private SafeFileHandle? _file;
    private long _filed;

    public int Count => _ends.Count;

    public T this[int index]
    {
        get
        {
            var start = index == 0 ? 0 : _ends[index - 1];
            var length = checked((int)(_ends[index] - start));
            if (start >= _filed) return Read(_recent.GetBuffer().AsSpan((int)(start - _filed), length));
            var bytes = new byte[length];
            for (int done = 0; done < length;)
            {
                var count = RandomAccess.Read(_file!, bytes.AsSpan(done), start + done);
                done += count > 0 ? count : throw new EndOfStreamException("a temporary file of records was truncated by another process");
            }
            return Read(bytes);
        }
    }

    public void Add(T element)
    {
        JsonSerializer.Serialize(_recent, element, ApiJson.Options);
        _ends.Add(_filed + _recent.Length);
        if (_recent.Length < memory) return;
        _file ??= CreateFile();
        RandomAccess.Write(_file, _recent.GetBuffer().AsSpan(0, (int)_recent.Length), _filed);
        _filed += _recent.Length;
        _recent.SetLength(0);
    }

    public IEnumerator<T> GetEnumerator()
    {
        for (int i = 0; i < Count; i++) yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Dispose()
    {
        _file?.Dispose();
        _recent.Dispose();
    }

    private static T Read(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<T>(json, ApiJson.Options)!;

    private static SafeFileHandle CreateFile()
    {
        var path = Path.Combine(Path.GetTempPath(), $"lightreasoner-{Guid.NewGuid():N}.records");
        var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete);
        File.Delete(path);
        return file;
    }
}
