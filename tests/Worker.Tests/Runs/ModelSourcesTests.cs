using LightReasoner.Worker.Runs;

namespace LightReasoner.Worker.Tests.Runs;

public sealed class ModelSourcesTests
{
    [Theory]
    [InlineData("hf://Qwen/Qwen2.5-Math-1.5B", "Qwen/Qwen2.5-Math-1.5B")]
    [InlineData("hf://Qwen/Qwen2.5-Math-1.5B@v2", "hf://Qwen/Qwen2.5-Math-1.5B@v2")]
    [InlineData("az://models/expert", "az://models/expert")]
    [InlineData("https://a.blob.core.windows.net/models/expert?sv=1&sig=secret", "https://a.blob.core.windows.net/models/expert")]
    public void PeftName_IsWhatPeftsToolsKnowAndHoldsNoCredentials(string uri, string expected) =>
        Assert.Equal(expected, ModelSources.PeftName(uri));
}
