using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>One linear layer of the published model: a weight [out, in], perhaps a bias [out], perhaps an adapter.</summary>
internal sealed class Projection(string name, Parameter weight, Parameter? bias)
{
    public string Name { get; } = name;

    public Parameter Weight { get; } = weight;

    public Parameter? Bias { get; } = bias;

    public LoraLinear? Lora { get; set; }

    public long OutFeatures { get; } = weight.shape[0];

    public long InFeatures { get; } = weight.shape[1];

    public IEnumerable<(string Name, Parameter Value)> Parameters()
    {
        yield return ($"{Name}.weight", Weight);
        if (Bias is not null)
            yield return ($"{Name}.bias", Bias);
    }
}
