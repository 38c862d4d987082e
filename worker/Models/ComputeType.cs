using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>In which type a model's arithmetic runs.</summary>
internal static class ComputeType
{
    /// <summary>float16 on a CPU is a storage format only (libtorch has no half matrix product there before 2.x): such a model computes in float32.</summary>
    public static ScalarType For(ScalarType storage, Device device) =>
        storage == ScalarType.Float16 && device.type == DeviceType.CPU ? ScalarType.Float32 : storage;

    public static Tensor In(this Tensor tensor, ScalarType type) => tensor.dtype == type ? tensor : tensor.to(type);
}
