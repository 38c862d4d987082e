namespace TorchSharp.Interop;

using static TorchSharp.torch;

/// <summary>
/// One argument of an operator call, before it crosses the boundary. It refers to the managed object (tensor, array), so that the object stays alive
/// until the call returns.
/// </summary>
internal readonly struct Argument
{
    public readonly object? Object;
    public readonly long Bits;
    public readonly Tag Tag;

    private Argument(Tag tag, object? value, long bits = 0)
    {
        Tag = tag;
        Object = value;
        Bits = bits;
    }

    /// <summary>What the operator's schema gives when the argument is left out.</summary>
    public static Argument Default => new(Tag.Default, null);

    public static Argument None => default;

    /// <summary>A value, or the schema's default when it is null.</summary>
    public static Argument OrDefault(Scalar? value) => value is null ? Default : value;

    public static implicit operator Argument(Tensor? value) => value is null ? default : new(Tag.Tensor, value);

    public static implicit operator Argument(Tensor?[]? value) => value is null ? default : new(Tag.Tensors, value);

    public static implicit operator Argument(long value) => new(Tag.Int, null, value);

    public static implicit operator Argument(long? value) => value is { } given ? given : default(Argument);

    public static implicit operator Argument(double value) => new(Tag.Double, null, BitConverter.DoubleToInt64Bits(value));

    public static implicit operator Argument(double? value) => value is { } given ? given : default(Argument);

    public static implicit operator Argument(bool value) => new(Tag.Bool, null, value ? 1 : 0);

    public static implicit operator Argument(long[]? value) => value is null ? default : new(Tag.Ints, value);

    public static implicit operator Argument(double[]? value) => value is null ? default : new(Tag.Doubles, value);

    public static implicit operator Argument(bool[]? value) => value is null ? default : new(Tag.Bools, value);

    public static implicit operator Argument(string? value) => value is null ? default : new(Tag.String, value);

    public static implicit operator Argument(Scalar? value) => value is null ? default : new(value.Tag, null, value.Bits);

    public static implicit operator Argument(ScalarType value) => new(Tag.Int, null, (long)value);

    public static implicit operator Argument(ScalarType? value) => value is { } given ? given : default(Argument);

    public static implicit operator Argument(Device? value) =>
        value is null ? default : new(Tag.Device, null, ((long)value.type << 32) | (uint)value.index);

    public static implicit operator Argument(Generator? value) => value is null ? default : new(Tag.Generator, value);
}
