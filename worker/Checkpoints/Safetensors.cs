using static TorchSharp.torch;

namespace LightReasoner.Worker.Checkpoints;

/// <summary>The safetensors format: named tensors in one file.</summary>
public static class Safetensors
{
    /// <summary>Opens a file and checks its whole header; no tensor is read yet.</summary>
    /// <exception cref="InvalidDataException">The file is no well-formed safetensors file; names the file and the tensor.</exception>
    public static SafetensorsFile Open(string path) => new(path);

    /// <summary>Writes tensors as they are (type and values) under the path, atomically.</summary>
    public static void Write(string path, IEnumerable<(string Name, Tensor Value)> tensors, IReadOnlyDictionary<string, string>? metadata = null) =>
        SafetensorsWriter.Write(path, [.. tensors], metadata);
}
