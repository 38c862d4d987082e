using System.Globalization;
using System.Runtime.InteropServices;

namespace TorchSharp;

/// <summary>The upper half of a float: one sign bit, eight of exponent, seven of mantissa.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly struct BFloat16 : IEquatable<BFloat16>, IComparable<BFloat16>
{
    internal readonly ushort value;

    private BFloat16(ushort bits) => value = bits;

    /// <summary>Rounds to nearest, ties to even, as libtorch does.</summary>
    public BFloat16(float number)
    {
        uint bits = BitConverter.SingleToUInt32Bits(number);
        value = float.IsNaN(number) ? (ushort)0x7fc0 : (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }

    public static BFloat16 FromRawValue(ushort bits) => new(bits);

    public static explicit operator BFloat16(float number) => new(number);

    public static explicit operator BFloat16(double number) => new((float)number);

    public static implicit operator float(BFloat16 number) => number.ToSingle();

    public static bool operator ==(BFloat16 left, BFloat16 right) => left.Equals(right);

    public static bool operator !=(BFloat16 left, BFloat16 right) => !left.Equals(right);

    public float ToSingle() => BitConverter.UInt32BitsToSingle((uint)value << 16);

    public bool Equals(BFloat16 other) => ToSingle() == other.ToSingle();

    public override bool Equals(object? obj) => obj is BFloat16 other && Equals(other);

    public override int GetHashCode() => ToSingle().GetHashCode();

    public int CompareTo(BFloat16 other) => ToSingle().CompareTo(other.ToSingle());

    public override string ToString() => ToSingle().ToString(CultureInfo.InvariantCulture);
}
