namespace TorchSharp;

using static TorchSharp.torch;

public static partial class TensorExtensionMethods
{
    public static Tensor ToTensor<T>(this T scalar, Device? device = null, bool requires_grad = false) where T : struct => scalar switch
    {
        byte value => tensor(value, device, requires_grad),
        sbyte value => tensor(value, device, requires_grad),
        short value => tensor(value, device, requires_grad),
        int value => tensor(value, device, requires_grad),
        long value => tensor(value, device, requires_grad),
        double value => tensor(value, device, requires_grad),
        float value => tensor(value, device, requires_grad),
        bool value => tensor(value, device, requires_grad),
        _ => throw new NotImplementedException($"Creating tensor of type {typeof(T)} is not supported."),
    };

    public static Scalar ToScalar(this Tensor value) => Interop.Aten.local_scalar_dense.CallScalar(value);

    public static bool ToBoolean(this Tensor value) => value.ToScalar().ToBoolean();

    public static byte ToByte(this Tensor value) => value.ToScalar().ToByte();

    public static sbyte ToSByte(this Tensor value) => value.ToScalar().ToSByte();

    public static short ToInt16(this Tensor value) => value.ToScalar().ToInt16();

    public static int ToInt32(this Tensor value) => value.ToScalar().ToInt32();

    public static long ToInt64(this Tensor value) => value.ToScalar().ToInt64();

    public static Half ToHalf(this Tensor value) => value.ToScalar().ToHalf();

    public static float ToSingle(this Tensor value) => value.ToScalar().ToSingle();

    public static double ToDouble(this Tensor value) => value.ToScalar().ToDouble();
}
