using System.Buffers.Binary;
using System.Numerics;
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
        var time = metrics["time"]?.GetValue<DateTimeOffset>().ToUnixTimeMilliseconds() / 1000.0 ?? 0;
        if (_file.Length == 0) Write(new Event { WallTime = time, FileVersion = "brain.Event:2" });
        var summary = new Summary();
        summary.Value.AddRange(MetricsLog.Flat(metrics, '/')
            .Where(field => field.Path != counter && field.Value.GetValueKind() == JsonValueKind.Number)
            .Select(field => new Summary.Types.Value { Tag = field.Path, SimpleValue = (float)field.Value.GetValue<double>() }));
        Write(new Event { WallTime = time, Step = metrics[counter]!.GetValue<long>(), Summary = summary });
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
