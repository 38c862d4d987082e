using System.Collections.Concurrent;
using System.IO.Compression;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>
/// oneDNN's float32 products with a weight that was laid out for them once. On a CPU they take a third to a half of the time of libtorch's
/// own, at any number of rows. TorchSharp does not bind these operators, and a loaded TorchScript module may call any.
/// </summary>
internal static class PackedWeights
{
    private const string Code = """
        class Products(Module):
          __parameters__ = []
          __buffers__ = []
          training : bool
          def pack(self: __torch__.Products, weight: Tensor) -> Tensor:
            return ops.mkldnn._reorder_linear_weight(weight, 16)
          def linear(self: __torch__.Products, x: Tensor, weight: Tensor, bias: Optional[Tensor]) -> Tensor:
            return ops.mkldnn._linear_pointwise(x, weight, bias, "none", annotate(List[Optional[number]], []), "")
          def linear_onto(self: __torch__.Products, x: Tensor, residual: Tensor, weight: Tensor) -> Tensor:
            return ops.mkldnn._linear_pointwise(x, residual, weight, None, "add")

        """;

    private static readonly Lazy<jit.ScriptModule> s_products = new(Load);
    private static readonly ConcurrentDictionary<(long Out, long In), bool> s_right = new(); // shapes that were tried

    /// <summary>Whether products of a model of this type on this device gain by it.</summary>
    public static bool Serve(ScalarType dtype, Device device) => dtype == ScalarType.Float32 && device.type == DeviceType.CPU
        && RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>
    /// A copy of a weight [out, in] in oneDNN's layout, which serves the products below only; null where they would be wrong. With libtorch
    /// 2.10 they are where a block of the layout is not full; how large it is depends on the CPU, so that each shape is tried once.
    /// </summary>
    public static Tensor? Pack(Tensor weight)
    {
        using var scope = NewDisposeScope();
        var packed = (Tensor)s_products.Value.invoke("pack", weight);
        var shape = (weight.size(0), weight.size(1));
        if (!s_right.ContainsKey(shape) && !IsRight(weight, packed))
            return null;
        s_right[shape] = true;
        return packed.DetachFromDisposeScope();
    }

    private static bool IsRight(Tensor weight, Tensor packed)
    {
        var x = weight.narrow(0, 0, Math.Min(16, weight.size(0)));
        var expected = nn.functional.linear(x, weight);
        return Linear(x, packed, null).sub(expected).norm().item<float>() <= 1e-4 * expected.norm().item<float>();
    }

    /// <summary>x·weightᵀ + bias, [rows, in] → [rows, out].</summary>
    public static Tensor Linear(Tensor x, Tensor weight, Tensor? bias) =>
        (Tensor)s_products.Value.invoke("linear", x, weight, bias!);

    /// <summary>residual + x·weightᵀ.</summary>
    public static Tensor LinearOnto(Tensor residual, Tensor x, Tensor weight) =>
        (Tensor)s_products.Value.invoke("linear_onto", x, residual, weight);

    /// <summary>Writes the module as TorchScript stores one, an archive of uncompressed files, and loads it.</summary>
    private static jit.ScriptModule Load()
    {
        var path = Path.Combine(Path.GetTempPath(), $"lightreasoner-{Guid.NewGuid():N}.pt");
        try
        {
            using (var archive = ZipFile.Open(path, ZipArchiveMode.Create))
                foreach (var (name, content) in new (string, byte[])[]
                {
                    ("version", "3\n"u8.ToArray()),
                    ("constants.pkl", [0x80, 2, (byte)')', (byte)'.']), // pickled: ()
                    ("code/__torch__.py", Encoding.UTF8.GetBytes(Code)),
                    // pickled: an object of the class with training = False
                    ("data.pkl", Encoding.Latin1.GetBytes("\u0080\u0002c__torch__\nProducts\n)\u0081}(X\u0008\0\0\0training\u0089ub.")),
                })
                {
                    using var file = archive.CreateEntry($"products/{name}", CompressionLevel.NoCompression).Open();
                    file.Write(content);
                }
            return jit.load(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
