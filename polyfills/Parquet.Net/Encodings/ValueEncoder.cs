using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using Parquet.File;
using Parquet.Meta;
using Parquet.Schema;

namespace Parquet.Encodings;

/// <summary>Encodes the values of one column that are not null.</summary>
internal abstract class ValueEncoder
{
    public abstract Encoding Encoding { get; }

    /// <summary>Entries of the dictionary page, or null for none.</summary>
    public virtual (byte[] Bytes, int Count)? Dictionary => null;

    /// <summary>About how many bytes a value takes before compression.</summary>
    public abstract int SizeOf(int index);

    public abstract void Encode(int start, int count, Stream output);

    public static ValueEncoder Create(DataField field, SchemaElement e, Array values, ParquetOptions options) => values switch
    {
        bool[] flags => new Booleans(flags),
        float[] numbers => new Floats(numbers),
        double[] numbers => new Doubles(numbers),
        string[] texts => Texts(texts, options),
        byte[][] bytes => new Bytes(bytes, prefixed: true),
        Guid[] ids => new Bytes(Array.ConvertAll(ids, id => id.ToByteArray(bigEndian: true)), prefixed: false),
        DateTime[] times when e.Type == Meta.Type.INT96 => new Bytes(Array.ConvertAll(times, Int96Bytes), prefixed: false),
        decimal[] numbers when e.Type == Meta.Type.FIXED_LEN_BYTE_ARRAY => new Bytes(Array.ConvertAll(numbers, n => DecimalBytes(n, e)), prefixed: false),
        _ => new Integers(ToInt64(field, e, values), e.Type == Meta.Type.INT32 ? 4 : 8, options.UseDeltaBinaryPackedEncoding && values is not decimal[]),
    };

    private static ValueEncoder Texts(string[] texts, ParquetOptions options)
    {
        if (options.UseDictionaryEncoding && DictionaryValues.TryCreate(texts, options.DictionaryEncodingThreshold) is { } dictionary) return dictionary;
        return new Bytes(Array.ConvertAll(texts, System.Text.Encoding.UTF8.GetBytes), prefixed: true);
    }

    // The runtime takes a ushort[] for a short[] and would widen it with a sign, so the field's type decides.
    private static long[] ToInt64(DataField field, SchemaElement e, Array values) => field.ClrType switch
    {
        var type when type == typeof(ulong) => Array.ConvertAll((ulong[])values, n => unchecked((long)n)),
        var type when type == typeof(uint) => Array.ConvertAll((uint[])values, n => (long)unchecked((int)n)),
        var type when type == typeof(ushort) => Array.ConvertAll((ushort[])values, n => (long)n),
        var type when type == typeof(byte) => Array.ConvertAll((byte[])values, n => (long)n),
        _ => ToInt64Signed(field, e, values),
    };

    private static long[] ToInt64Signed(DataField field, SchemaElement e, Array values) => values switch
    {
        long[] numbers => numbers,
        int[] numbers => Array.ConvertAll(numbers, n => (long)n),
        short[] numbers => Array.ConvertAll(numbers, n => (long)n),
        sbyte[] numbers => Array.ConvertAll(numbers, n => (long)n),
        decimal[] numbers => Array.ConvertAll(numbers, n => (long)InRange(n, e)),
        DateOnly[] days => Array.ConvertAll(days, d => (long)(d.DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber)),
        TimeSpan[] times => Array.ConvertAll(times, t => Time(t, e)),
        TimeOnly[] times => Array.ConvertAll(times, t => Time(t.ToTimeSpan(), e)),
        DateTime[] times => Array.ConvertAll(times, t => DateTimeValue(t, (DateTimeDataField)field)),
        _ => throw new NotSupportedException($"columns of {field.ClrType} cannot be written"),
    };

    private static long Time(TimeSpan value, SchemaElement e) => e.Type == Meta.Type.INT32 ? value.Ticks / TimeSpan.TicksPerMillisecond : value.Ticks / TimeSpan.TicksPerMicrosecond;

    private static long DateTimeValue(DateTime value, DateTimeDataField field)
    {
        bool utc = field.DateTimeFormat != DateTimeFormat.Date && field.IsAdjustedToUTC;
        long ticks = (utc && value.Kind == DateTimeKind.Local ? value.ToUniversalTime() : value).Ticks - DateTime.UnixEpoch.Ticks;
        if (field.DateTimeFormat == DateTimeFormat.Date) return Math.DivRem(ticks, TimeSpan.TicksPerDay, out long rest) - (rest < 0 ? 1 : 0);
        return field.Unit switch
        {
            DateTimeTimeUnit.Millis => ticks / TimeSpan.TicksPerMillisecond,
            DateTimeTimeUnit.Micros => ticks / TimeSpan.TicksPerMicrosecond,
            _ => checked(ticks * 100),
        };
    }

    private static byte[] Int96Bytes(DateTime value)
    {
        Int96 parts = Int96.From(value.Kind == DateTimeKind.Local ? value.ToUniversalTime() : value);
        var bytes = new byte[12];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, parts.Nanos);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), parts.Day);
        return bytes;
    }

    private static BigInteger InRange(decimal value, SchemaElement e)
    {
        BigInteger unscaled = Decimals.Unscaled(value, e.Scale ?? 0);
        return BigInteger.Abs(unscaled) < BigInteger.Pow(10, e.Precision ?? 38)
            ? unscaled
            : throw new ArgumentException($"{value} has more than {e.Precision} digits at {e.Scale} fraction digits");
    }

    private static byte[] DecimalBytes(decimal value, SchemaElement e)
    {
        byte[] minimal = InRange(value, e).ToByteArray(isBigEndian: true);
        var bytes = new byte[e.TypeLength!.Value];
        bytes.AsSpan().Fill(value < 0 ? (byte)0xFF : (byte)0);
        minimal.CopyTo(bytes, bytes.Length - minimal.Length);
        return bytes;
    }

    private sealed class Booleans(bool[] values) : ValueEncoder
    {
        public override Encoding Encoding => Encoding.PLAIN;

        public override int SizeOf(int index) => 1;

        public override void Encode(int start, int count, Stream output)
        {
            var bytes = new byte[(count + 7) / 8];
            for (int i = 0; i < count; i++)
                if (values[start + i]) bytes[i >> 3] |= (byte)(1 << (i & 7));
            output.Write(bytes);
        }
    }

    private sealed class Floats(float[] values) : ValueEncoder
    {
        public override Encoding Encoding => Encoding.PLAIN;

        public override int SizeOf(int index) => sizeof(float);

        public override void Encode(int start, int count, Stream output) => output.Write(MemoryMarshal.AsBytes(values.AsSpan(start, count)));
    }

    private sealed class Doubles(double[] values) : ValueEncoder
    {
        public override Encoding Encoding => Encoding.PLAIN;

        public override int SizeOf(int index) => sizeof(double);

        public override void Encode(int start, int count, Stream output) => output.Write(MemoryMarshal.AsBytes(values.AsSpan(start, count)));
    }

    private sealed class Integers(long[] values, int size, bool delta) : ValueEncoder
    {
        public override Encoding Encoding => delta ? Encoding.DELTA_BINARY_PACKED : Encoding.PLAIN;

        public override int SizeOf(int index) => size;

        public override void Encode(int start, int count, Stream output)
        {
            ReadOnlySpan<long> part = values.AsSpan(start, count);
            if (delta) DeltaBinaryPacked.Encode(part, output);
            else if (size == 8) output.Write(MemoryMarshal.AsBytes(part));
            else output.Write(MemoryMarshal.AsBytes<int>(Array.ConvertAll(part.ToArray(), value => unchecked((int)value))));
        }
    }

    private sealed class Bytes(byte[][] values, bool prefixed) : ValueEncoder
    {
        public override Encoding Encoding => Encoding.PLAIN;

        public override int SizeOf(int index) => values[index].Length + 4;

        public override void Encode(int start, int count, Stream output)
        {
            Span<byte> length = stackalloc byte[4];
            foreach (byte[] value in values.AsSpan(start, count))
            {
                BinaryPrimitives.WriteInt32LittleEndian(length, value.Length);
                if (prefixed) output.Write(length);
                output.Write(value);
            }
        }
    }
}
