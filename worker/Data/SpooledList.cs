using System.Collections;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LightReasoner.Worker.Data;

/// <summary>
/// A list whose elements lie in a temporary file once they are many, so that the size of a dataset does not count for memory: eight bytes
/// an element stay. Elements are added first and read at any place afterwards, each time anew. The file has no name in the file system, so
/// nothing of it outlives the process.
/// </summary>
/// <typeparam name="T">An immutable record.</typeparam>
/// <param name="write">Writes an element.</param>
/// <param name="read">Reads what <paramref name="write"/> wrote.</param>
/// <param name="memory">Bytes that are kept in memory at most.</param>
public sealed class SpooledList<T>(Action<BinaryWriter, T> write, Func<BinaryReader, T> read, int memory = 32 << 20)
    : IReadOnlyList<T>, IDisposable
{
    private readonly List<long> _ends = [];
    private readonly MemoryStream _recent = new(); // what is not in the file yet
    private SafeFileHandle? _file;
    private long _filed;

    /// <inheritdoc/>
    public int Count => _ends.Count;

    /// <inheritdoc/>
    public T this[int index]
    {
        get
        {
            long start = index == 0 ? 0 : _ends[index - 1];
            int length = checked((int)(_ends[index] - start));
            if (start >= _filed) return Read(new MemoryStream(_recent.GetBuffer(), (int)(start - _filed), length));
            byte[] bytes = new byte[length];
            for (int done = 0; done < length;)
            {
                int count = RandomAccess.Read(_file!, bytes.AsSpan(done), start + done);
                done += count > 0 ? count : throw new EndOfStreamException("a temporary file of records was truncated by another process");
            }
            return Read(new MemoryStream(bytes));
        }
    }

    /// <summary>Appends an element.</summary>
    public void Add(T element)
    {
        using (var writer = new BinaryWriter(_recent, System.Text.Encoding.UTF8, leaveOpen: true)) write(writer, element);
        _ends.Add(_filed + _recent.Length);
        if (_recent.Length < memory) return;
        _file ??= CreateFile();
        RandomAccess.Write(_file, _recent.GetBuffer().AsSpan(0, (int)_recent.Length), _filed);
        _filed += _recent.Length;
        _recent.SetLength(0);
    }

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator()
    {
        for (int i = 0; i < Count; i++) yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public void Dispose()
    {
        _file?.Dispose();
        _recent.Dispose();
    }

    private T Read(MemoryStream bytes)
    {
        using var reader = new BinaryReader(bytes);
        return read(reader);
    }

    private static SafeFileHandle CreateFile()
    {
        string path = Path.Combine(Path.GetTempPath(), $"lightreasoner-{Guid.NewGuid():N}.records");
        SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete);
        File.Delete(path);
        return file;
    }
}

/// <summary>Arrays and optional texts in the form of <see cref="SpooledList{T}"/>.</summary>
internal static class SpooledValues
{
    public static void WriteArray<T>(this BinaryWriter writer, T[] values)
        where T : unmanaged
    {
        writer.Write7BitEncodedInt(values.Length);
        writer.Write(MemoryMarshal.AsBytes(values.AsSpan()));
    }

    public static T[] ReadArray<T>(this BinaryReader reader)
        where T : unmanaged
    {
        var values = new T[reader.Read7BitEncodedInt()];
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    public static void WriteOptional(this BinaryWriter writer, string? text)
    {
        writer.Write(text is not null);
        if (text is not null) writer.Write(text);
    }

    public static string? ReadOptional(this BinaryReader reader) => reader.ReadBoolean() ? reader.ReadString() : null;
}
