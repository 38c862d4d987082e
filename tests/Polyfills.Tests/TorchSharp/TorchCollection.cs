namespace LightReasoner.Polyfills.Tests.TorchSharp;

/// <summary>Tests of torch share its global generator and its count of live handles; they run alone, one after the other.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public class TorchCollection
{
    public const string Name = "torch";
}
