using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;

namespace LightReasoner.Worker.Reporting;

/// <summary>
/// A TensorBoard event file that grows line by line with metrics.jsonl: TFRecords (length, masked CRC32C, data, masked CRC32C) of
/// tensorflow.Event messages. It is a function of the metrics lines alone, so a resumed run neither repeats nor loses an event.
/// </summary>
internal sealed class TensorBoardEvents(string counter)
{
    private readonly MemoryStream _file = new();

    public byte[] Content => _file.ToArray();

    public void Add(string line)
    {
        var metrics = JsonNode.Parse(line)!.AsObject();
        var time = metrics["time"] is JsonValue stamp && DateTimeOffset.TryParse(stamp.ToString(), CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal, out var at)
            ? at.ToUnixTimeMilliseconds() / 1000.0 : 0;
        if (_file.Length == 0) Write(new Event { WallTime = time, FileVersion = "brain.Event:2" });
        var summary = new Summary();
        summary.Value.AddRange(Numbers(metrics).Select(number =>
            new Summary.Types.Value { Tag = number.Tag, SimpleValue = (float)number.Value }));
        Write(new Event { WallTime = time, Step = metrics[counter]!.GetValue<long>(), Summary = summary });
    }

    /// <summary>The numbers of a line by tag: <c>loss</c>; the entries of a list as <c>losses/0</c>, <c>losses/1</c> ….</summary>
    private IEnumerable<(string Tag, double Value)> Numbers(JsonObject metrics)
    {
        foreach (var (name, node) in metrics)
        {
            if (name == counter) continue;
            if (node is JsonArray list)
                foreach (var (i, entry) in list.Index()) yield return ($"{name}/{i}", entry!.GetValue<double>());
            else if (node is JsonValue value && value.GetValueKind() == JsonValueKind.Number)
                yield return (name, value.GetValue<double>());
        }
    }

    private void Write(Event record)
    {
        byte[] data = record.ToByteArray(), length = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, data.Length);
        WriteWithCrc(length);
        WriteWithCrc(data);
    }

    /// <summary>With CRC32C, turned and shifted as TFRecords have it (a CRC over data that holds CRCs is weak).</summary>
    private void WriteWithCrc(byte[] data)
    {
        var crc = uint.MaxValue;
        foreach (var value in data) crc = BitOperations.Crc32C(crc, value);
        var masked = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(masked, BitOperations.RotateRight(~crc, 15) + 0xA282EAD8);
        _file.Write(data);
        _file.Write(masked);
    }
}
