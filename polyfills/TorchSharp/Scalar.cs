using TorchSharp.Interop;

namespace TorchSharp;

/// <summary>A number as an operator's argument: integer, floating point or Boolean, whatever the dtype of the tensor it meets.</summary>
public sealed class Scalar : IDisposable
{
    internal readonly Tag Tag;
    internal readonly long Bits;

    private Scalar(Tag tag, long bits, torch.ScalarType type)
    {
        Tag = tag;
        Bits = bits;
        Type = type;
    }

    public torch.ScalarType Type { get; }

    internal double AsDouble => Tag == Tag.Double ? BitConverter.Int64BitsToDouble(Bits) : Bits;

    internal long AsLong => Tag == Tag.Double ? (long)BitConverter.Int64BitsToDouble(Bits) : Bits;

    public static implicit operator Scalar(byte value) => OfInteger(value, torch.ScalarType.Byte);

    public static implicit operator Scalar(sbyte value) => OfInteger(value, torch.ScalarType.Int8);

    public static implicit operator Scalar(short value) => OfInteger(value, torch.ScalarType.Int16);

    public static implicit operator Scalar(int value) => OfInteger(value, torch.ScalarType.Int32);

    public static implicit operator Scalar(long value) => OfInteger(value, torch.ScalarType.Int64);

    public static implicit operator Scalar(Half value) => OfReal((double)value, torch.ScalarType.Float16);

    public static implicit operator Scalar(BFloat16 value) => OfReal((float)value, torch.ScalarType.BFloat16);

    public static implicit operator Scalar(float value) => OfReal(value, torch.ScalarType.Float32);

    public static implicit operator Scalar(double value) => OfReal(value, torch.ScalarType.Float64);

    public static implicit operator Scalar(bool value) => new(Tag.Bool, value ? 1 : 0, torch.ScalarType.Bool);

    public void Dispose()
    {
    }

    public override string ToString() => Tag switch
    {
        Tag.Double => AsDouble.ToString(System.Globalization.CultureInfo.InvariantCulture),
        Tag.Bool => Bits != 0 ? "True" : "False",
        _ => Bits.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };

    private static Scalar OfInteger(long value, torch.ScalarType type) => new(Tag.Int, value, type);

    private static Scalar OfReal(double value, torch.ScalarType type) => new(Tag.Double, BitConverter.DoubleToInt64Bits(value), type);
}

public static class ScalarExtensionMethods
{
    public static Scalar ToScalar(this byte value) => value;

    public static Scalar ToScalar(this sbyte value) => value;

    public static Scalar ToScalar(this short value) => value;

    public static Scalar ToScalar(this int value) => value;

    public static Scalar ToScalar(this long value) => value;

    public static Scalar ToScalar(this Half value) => value;

    public static Scalar ToScalar(this BFloat16 value) => value;

    public static Scalar ToScalar(this float value) => value;

    public static Scalar ToScalar(this double value) => value;

    public static Scalar ToScalar(this bool value) => value;

    public static bool ToBoolean(this Scalar value) => value.AsDouble != 0;

    public static byte ToByte(this Scalar value) => (byte)value.AsLong;

    public static sbyte ToSByte(this Scalar value) => (sbyte)value.AsLong;

    public static short ToInt16(this Scalar value) => (short)value.AsLong;

    public static int ToInt32(this Scalar value) => (int)value.AsLong;

    public static long ToInt64(this Scalar value) => value.AsLong;

    public static Half ToHalf(this Scalar value) => (Half)value.AsDouble;

    public static float ToSingle(this Scalar value) => (float)value.AsDouble;

    public static double ToDouble(this Scalar value) => value.AsDouble;
}
