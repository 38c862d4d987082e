using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LightReasoner.Worker.Reporting;

/// <summary>
/// A TensorBoard event file that grows line by line with metrics.jsonl: TFRecords (length, masked CRC32C, data, masked CRC32C) of tensorflow.Event messages.
/// It is a function of the metrics lines alone, so a resumed run neither repeats nor loses an event.
/// </summary>
/// <param name="counter">The field that counts steps.</param>
internal sealed class TensorBoardEvents(string counter)
{
    // Field numbers of tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto, each with its wire type.
    private const byte WallTime = 1 << 3 | 1, Step = 2 << 3, FileVersion = 3 << 3 | 2, Summary = 5 << 3 | 2, Value = 1 << 3 | 2, Tag = 1 << 3 | 2, SimpleValue = 2 << 3 | 5;

    private readonly MemoryStream _file = new();

    /// <summary>The whole file.</summary>
    public byte[] Content => _file.ToArray();

    /// <summary>Adds the numbers of a metrics line.</summary>
    public void Add(string line)
    {
        JsonObject metrics = JsonNode.Parse(line)!.AsObject();
        double time = metrics["time"] is JsonValue stamp && DateTimeOffset.TryParse(stamp.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at)
            ? at.ToUnixTimeMilliseconds() / 1000.0 : 0;
        if (_file.Length == 0) Record(Event(time, null, writer => Text(writer, FileVersion, "brain.Event:2")));
        Record(Event(time, metrics[counter]!.GetValue<long>(), writer => Message(writer, Summary, summary =>
        {
            foreach ((string tag, double value) in Numbers(metrics))
                Message(summary, Value, one =>
                {
                    Text(one, Tag, tag);
                    one.WriteByte(SimpleValue);
                    Span<byte> bytes = stackalloc byte[4];
                    BinaryPrimitives.WriteSingleLittleEndian(bytes, (float)value);
                    one.Write(bytes);
                });
        })));
    }

    /// <summary>The numbers of a line by tag: <c>loss</c>; the entries of a list as <c>losses/0</c>, <c>losses/1</c> ….</summary>
    private IEnumerable<(string Tag, double Value)> Numbers(JsonObject metrics)
    {
        foreach ((string name, JsonNode? node) in metrics)
        {
            if (name == counter) continue;
            if (node is JsonArray list)
                foreach ((int i, JsonNode? entry) in list.Index()) yield return ($"{name}/{i}", entry!.GetValue<double>());
            else if (node is JsonValue value && value.GetValueKind() == JsonValueKind.Number)
                yield return (name, value.GetValue<double>());
        }
    }

    private static byte[] Event(double time, long? step, Action<MemoryStream> rest)
    {
        var message = new MemoryStream();
        message.WriteByte(WallTime);
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, time);
        message.Write(bytes);
        if (step is { } number)
        {
            message.WriteByte(Step);
            Varint(message, (ulong)number);
        }
        rest(message);
        return message.ToArray();
    }

    private void Record(ReadOnlySpan<byte> data)
    {
        Span<byte> length = stackalloc byte[8], crc = stackalloc byte[4];
        BinaryPrimitives.WriteInt64LittleEndian(length, data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(crc, MaskedCrc(length));
        _file.Write(length);
        _file.Write(crc);
        BinaryPrimitives.WriteUInt32LittleEndian(crc, MaskedCrc(data));
        _file.Write(data);
        _file.Write(crc);
    }

    /// <summary>CRC32C, turned and shifted as TFRecords have it (a CRC over data that holds CRCs is weak).</summary>
    private static uint MaskedCrc(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in data) crc = BitOperations.Crc32C(crc, value);
        return BitOperations.RotateRight(~crc, 15) + 0xA282EAD8;
    }

    private static void Message(Stream stream, byte field, Action<MemoryStream> write)
    {
        var inner = new MemoryStream();
        write(inner);
        stream.WriteByte(field);
        Varint(stream, (ulong)inner.Length);
        inner.WriteTo(stream);
    }

    private static void Text(Stream stream, byte field, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        stream.WriteByte(field);
        Varint(stream, (ulong)bytes.Length);
        stream.Write(bytes);
    }

    private static void Varint(Stream stream, ulong value)
    {
        for (; value >= 0x80; value >>= 7) stream.WriteByte((byte)(value | 0x80));
        stream.WriteByte((byte)value);
    }
}
