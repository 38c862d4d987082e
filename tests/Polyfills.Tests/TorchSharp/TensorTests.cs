using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Polyfills.Tests.TorchSharp;

[Collection(TorchCollection.Name)]
public sealed class TensorTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Creation_ShapesTypesAndValues()
    {
        Assert.Equal([2, 3], zeros(2, 3).shape);
        Assert.Equal(ScalarType.Float32, ones(4).dtype);
        Assert.Equal([0L, 1, 2, 3], arange(4).data<long>().ToArray());
        Assert.Equal([1f, 1.5f, 2f], arange(1, 2.5, 0.5).data<float>().ToArray());
        Assert.Equal([0f, 0.5f, 1f], linspace(0, 1, 3).data<float>().ToArray());
        Assert.Equal([7f, 7f], full(2, 7f).data<float>().ToArray());
        Assert.Equal(ScalarType.Int64, full([2], 7).dtype);
        Assert.Equal([1f, 0, 0, 1], eye(2).data<float>().ToArray());
        Assert.Equal([1L, 2, 3, 4], tensor(new long[,] { { 1, 2 }, { 3, 4 } }).data<long>().ToArray());
        Assert.Equal([2, 2], tensor(new float[] { 1, 2, 3, 4 }, [2, 2]).shape);
        Assert.Equal(ScalarType.Float64, tensor(new[] { 1, 2 }, dtype: float64).dtype);
        Assert.Equal(3L, tensor(3L).item<long>());
        Assert.Empty(tensor(3f).shape);
        Assert.Equal([0], zeros(0).shape);
    }

    [Fact]
    public void Frombuffer_SharesTheArray()
    {
        var array = new float[] { 1, 2, 3, 4 };
        var shared = frombuffer(array, float32, count: 2, offset: 1);
        shared.mul_(10);
        Assert.Equal([1, 20, 30, 4], array);
    }

    [Fact]
    public void FromFile_MapsTheFile()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]);
            var bytes = from_file(path, size: 8, dtype: uint8);
            Assert.Equal([1f, -2f], bytes.view(float32).data<float>().ToArray());
            Assert.Equal([-2f], bytes.narrow(0, 4, 4).view(float32).data<float>().ToArray());
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Views_FollowPyTorch()
    {
        var x = arange(24).view(2, 3, 4);
        Assert.Equal([2, 4, 3], x.transpose(1, 2).shape);
        Assert.Equal([4, 2, 3], x.permute(2, 0, 1).shape);
        Assert.Equal([6, 4], x.reshape(-1, 4).shape);
        Assert.Equal([2, 12], x.flatten(1).shape);
        Assert.Equal([1, 2, 3, 4], x.unsqueeze(0).shape);
        Assert.Equal([2, 3, 4], x.unsqueeze(0).squeeze(0).shape);
        Assert.Equal([2, 3, 4], x.expand(-1, -1, 4).shape);
        Assert.Equal([5, 2, 3, 4], x.expand(5, 2, 3, 4).shape);
        Assert.Equal([4L, 5, 6, 7, 8, 9, 10, 11], x.narrow(1, 1, 2)[0].reshape(-1).data<long>().ToArray());
        Assert.Equal([0L, 12], x.select(1, 0).select(1, 0).data<long>().ToArray());
        Assert.Equal([2, 3, 2], x.slice(2, 0, 4, 2).shape);
        Assert.Equal([4, 3, 4], cat([x, x]).shape);
        Assert.Equal([2, 2, 3, 4], stack([x, x], 1).shape);
        Assert.Equal(3, x.unbind(1).Length);
        Assert.Equal([1, 3], x.split([1L, 3], 2).Select(part => part.size(2)));
        Assert.Equal([2, 2], x.split(2, 2).Select(part => part.size(-1)));
        Assert.Equal([2, 1], x.chunk(2, 1).Select(part => part.size(1)));
        Assert.Equal([23L, 22], x.flip(0, 1, 2).reshape(-1).data<long>().ToArray()[..2]);
        Assert.Equal([0L, 0, 1, 1], arange(2).repeat_interleave(2).data<long>().ToArray());
        Assert.Equal([0L, 1, 0, 1], arange(2).repeat(2).data<long>().ToArray());
    }

    [Fact]
    public void Data_OfStridedTensor_IsInLogicalOrder()
    {
        var x = arange(6).view(2, 3).t();
        Assert.False(x.is_contiguous());
        Assert.Equal([0L, 3, 1, 4, 2, 5], x.data<long>().ToArray());
        Assert.Equal(4L, x.data<long>()[1, 1]);
        Assert.Equal([0L, 3, 1, 4, 2, 5], x.data<long>());
        x.data<long>()[2, 0] = 20;
        Assert.Equal([0L, 1, 20, 3, 4, 5], x.t().contiguous().data<long>().ToArray());
        var into = new long[3];
        x.data<long>().CopyTo(into, tensorIndex: 1);
        Assert.Equal([3, 1, 4], into);
        x.data<long>().CopyFrom([9, 8, 7, 6, 5, 4]);
        Assert.Equal([9L, 7, 5, 8, 6, 4], x.t().contiguous().data<long>().ToArray());
        Assert.Throws<ArgumentException>(() => x.data<float>());
    }

    [Fact]
    public void Bytes_ReadAndWriteTheMemory()
    {
        var x = zeros(2);
        x.bytes = MemoryMarshal.AsBytes<float>([1.5f, -2f]).ToArray();
        Assert.Equal([1.5f, -2f], x.data<float>().ToArray());
        Assert.Equal(1.5f, MemoryMarshal.Cast<byte, float>(x.bytes)[0]);
        Assert.Throws<NotImplementedException>(() => arange(6).view(2, 3).t().bytes.Length);
    }

    [Fact]
    public void HalfTypes_RoundToNearestEven()
    {
        float[] values = [1f, 1.00390625f, 1.01171875f, -3.14159f, 65504f, 1e-40f, float.PositiveInfinity];
        var x = tensor(values);
        var bf = x.to(bfloat16);
        Assert.Equal(values.Select(value => (float)new BFloat16(value)), bf.data<BFloat16>().Select(value => (float)value));
        Assert.Equal(values.Select(value => (float)(Half)value), x.to(float16).data<Half>().Select(value => (float)value));
        Assert.Equal(1f, bf.to(float32).data<float>()[1]);
        Assert.Equal(1.015625f, bf.@float().data<float>()[2]);
        Assert.Equal(1f, bf[0].item<BFloat16>());
        Assert.Equal(bfloat16, (bf * 2).dtype);
        Assert.Equal(float32, (bf + x).dtype);
        Assert.Equal(2, bf.element_size());
    }

    [Fact]
    public void Conversions_KeepOrChangeTheType()
    {
        var x = tensor(new[] { 1.7f, -1.7f });
        Assert.Equal([1L, -1], x.to(int64).data<long>().ToArray());
        Assert.Equal([1, -1], x.@int().data<int>().ToArray());
        Assert.Equal([true, true], x.@bool().data<bool>().ToArray());
        Assert.Equal(float64, x.type_as(zeros(1, dtype: float64)).dtype);
        Assert.Equal(DeviceType.CPU, x.to(CPU).device_type);
        Assert.Equal(-1, x.device_index);
        Assert.Equal(1.7f, x[0].ToSingle());
        Assert.Equal(1, x[0].ToInt32());
        Assert.True(x.to(float32, copy: true).Handle != x.Handle);
    }

    [Fact]
    public void Errors_CarryLibtorchsMessage()
    {
        var error = Assert.Throws<ExternalException>(() => zeros(2, 3).matmul(zeros(2, 3)));
        Assert.Contains("mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)", error.Message);
        Assert.DoesNotContain("frame #", error.Message);
        Assert.Throws<ExternalException>(() => zeros(2).view(3));
        var disposed = zeros(1);
        disposed.Dispose();
        Assert.Throws<InvalidOperationException>(() => disposed + 1);
        Assert.Throws<ArgumentException>(() => device("nowhere"));
    }

    [Fact]
    public void Print_ShowsShapeAndElements()
    {
        Assert.Equal("[2x2], type = Float32, device = cpu", zeros(2, 2).ToString());
        Assert.StartsWith("[[0, 1]\n [2, 3]]", arange(4).view(2, 2).str(newLine: "\n"));
    }
}
