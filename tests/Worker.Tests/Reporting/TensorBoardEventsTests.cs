using System.Buffers.Binary;
using Google.Protobuf;
using LightReasoner.Worker.Reporting;

namespace LightReasoner.Worker.Tests.Reporting;

public class TensorBoardEventsTests
{
    private static readonly string[] Lines =
    [
        """{"time":"2026-01-02T03:04:05.250Z","step":10,"lossTotal":1.5,"losses":[1,0.25],"learningRate":1e-05}""",
        """{"time":"2026-01-02T03:04:06.000Z","step":20,"lossTotal":0.5,"losses":[0.4,0.1],"learningRate":0.0}""",
    ];

    [Fact]
    public void Content_OfMetricsLines_ReadsBackWithProtobufAndItsChecksums()
    {
        var events = Read(Of(Lines).Content);
        Assert.Equal(3, events.Count);
        Assert.Equal("brain.Event:2", events[0].FileVersion);
        Assert.Equal((1767323045.25, 10), (events[1].Time, events[1].Step));
        Assert.Equal([("lossTotal", 1.5f), ("losses/0", 1f), ("losses/1", 0.25f), ("learningRate", 1e-5f)], events[1].Values);
        Assert.Equal(20, events[2].Step);
        Assert.Equal(0.5f, events[2].Values[0].Value);
    }

    [Fact]
    public void Add_LineByLine_GivesTheSameFileAsAllLinesAtOnce()
    {
        var grown = Of(Lines[..1]);
        var before = grown.Content;
        grown.Add(Lines[1]);
        Assert.Equal(Of(Lines).Content, grown.Content);
        Assert.Equal(before, grown.Content[..before.Length]);
    }

    private static TensorBoardEvents Of(string[] lines)
    {
        var events = new TensorBoardEvents("step");
        foreach (var line in lines) events.Add(line);
        return events;
    }

    internal sealed record Event(double Time, long Step, string? FileVersion, List<(string Tag, float Value)> Values);

    /// <summary>Reads records and messages, checking every checksum.</summary>
    internal static List<Event> Read(byte[] file)
    {
        var events = new List<Event>();
        for (int at = 0; at < file.Length;)
        {
            var length = (int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(at));
            Assert.Equal(Masked(file.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)));
            ReadOnlySpan<byte> data = file.AsSpan(at + 12, length);
            Assert.Equal(Masked(data), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 12 + length)));
            events.Add(Parse(data.ToArray()));
            at += 16 + length;
        }
        return events;
    }

    private static Event Parse(byte[] message)
    {
        var input = new CodedInputStream(message);
        var read = new Event(0, 0, null, []);
        while (input.ReadTag() is not 0 and var tag)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 1: read = read with { Time = input.ReadDouble() }; break;
                case 2: read = read with { Step = input.ReadInt64() }; break;
                case 3: read = read with { FileVersion = input.ReadString() }; break;
                case 5: Values(input.ReadBytes().ToByteArray(), read.Values); break;
                case var other: Assert.Fail($"field {other}"); break;
            }
        }
        return read;
    }

    private static void Values(byte[] summary, List<(string, float)> values)
    {
        var input = new CodedInputStream(summary);
        while (input.ReadTag() is not 0 and var field)
        {
            Assert.Equal(1, WireFormat.GetTagFieldNumber(field));
            var value = new CodedInputStream(input.ReadBytes().ToByteArray());
            (string name, float number) = ("", 0);
            while (value.ReadTag() is not 0 and var part)
            {
                if (WireFormat.GetTagFieldNumber(part) == 1) name = value.ReadString();
                else number = value.ReadFloat();
            }
            values.Add((name, number));
        }
    }

    /// <summary>CRC32C bit by bit (polynomial 0x82F63B78 reflected), masked.</summary>
    private static uint Masked(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var value in data)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) == 0 ? 0 : 0x82F63B78);
        }
        crc = ~crc;
        return ((crc >> 15) | (crc << 17)) + 0xa282ead8;
    }
}
