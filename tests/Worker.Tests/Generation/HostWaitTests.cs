using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Generation;
using LightReasoner.Worker.Native;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Sampling;
using LightReasoner.Worker.Tests.FineTuning;
using LightReasoner.Worker.Tests.Models;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Generation;

/// <summary>
/// Decoding as it runs on a GPU: by libtorch's operators, which is how bfloat16 models run everywhere. Whatever a step asks of the device comes over in one copy.
/// </summary>
[Collection(TorchGeneratorCollection.Name)]
public class HostWaitTests
{
    public HostWaitTests() => manual_seed(7);

    public static TheoryData<GenerationSpec> Specs =>
    [
        new GenerationSpec { MaxNewTokens = 24 },
        new GenerationSpec { MaxNewTokens = 24, RepetitionPenalty = 1.2 },
        new GenerationSpec { MaxNewTokens = 24, Temperature = 0.8, TopK = 40, TopP = 0.9 },
    ];

    [Theory, MemberData(nameof(Specs))]
    public void Generate_AnyChoiceOfTokens_WaitsOncePerPass(GenerationSpec spec)
    {
        using var model = Half("qwen2-tiny");
        var passes = 0;
        var before = HostCopy.Waits;
        new TextGenerator(model).Generate(TextGeneratorTests.Prompts(9), spec, batchSize: 4, answered: _ => passes++);
        Assert.True(passes > 24);
        Assert.Equal(passes, HostCopy.Waits - before);
    }

    [Theory, InlineData(1), InlineData(4), InlineData(64)]
    public void Compare_WithAndWithoutDrafts_WaitsOncePerStep(int batchSize)
    {
        using var expert = Half("qwen2-tiny");
        using var amateur = Half("qwen2-tiny-amateur");
        var spec = new SamplingRunSpec { BatchSize = batchSize, Generation = new GenerationSpec { MaxNewTokens = 24 }, Prompt = new PromptSpec { Template = PromptTemplate.None } };
        using var sampler = new ContrastiveSampler(expert, amateur, TestTokenizer.Create(), spec);
        var steps = 0;
        var before = HostCopy.Waits;
        var result = sampler.Compare(TextGeneratorTests.Prompts(9), [.. Enumerable.Range(0, 9)], progress: _ => steps++);
        Assert.NotEmpty(result.Kept);
        Assert.True(result.Drafts.Accepted > 0);
        Assert.Equal(steps, HostCopy.Waits - before);
    }

    [Fact]
    public void Generate_Blocks_WaitsOncePerPass()
    {
        using var model = Half("qwen2-tiny");
        var passes = 0;
        var before = HostCopy.Waits;
        new BlockGenerator(model, TestTokenizer.Eos).Generate(TextGeneratorTests.Prompts(9), 16, 3, 48, batchSize: 4, answered: _ => passes++);
        Assert.True(passes > 6);
        Assert.Equal(passes, HostCopy.Waits - before);
    }

    [Theory, InlineData(0.2), InlineData(1e-3), InlineData(0.0)]
    public void Labels_AnyNumberOfPlausibleTokens_AreThoseOfTheDefinition(double alpha)
    {
        using var scope = NewDisposeScope();
        Tensor expert = randn(12, 700, dtype: ScalarType.Float64).mul(3), amateur = randn(12, 650, dtype: ScalarType.Float64).mul(3);
        var (p, q) = (expert.softmax(-1).narrow(1, 0, 650), amateur.softmax(-1));
        var advantage = p.add(1e-12).log().sub(q.add(1e-12).log());
        var kl = p.add(1e-12).mul(advantage).sum(-1).data<double>().ToArray();
        var beta = kl.Order().ElementAt(4);

        using var host = new HostCopy();
        var selected = new OperatorSelection(expert, amateur, new SelectionSpec { Alpha = alpha, Beta = beta - 1e-4 }, host);
        host.Wait();
        var before = HostCopy.Waits;
        var labels = selected.Labels([.. Enumerable.Range(0, 12)], host);

        Assert.Equal(Enumerable.Range(0, 12).Where(row => kl[row] >= beta), labels.Select(label => label.Index).Order());
        foreach (var label in labels)
        {
            var mine = p[label.Index].data<double>().ToArray();
            int[] plausible = [.. Enumerable.Range(0, 650).Where(v => mine[v] >= alpha * mine.Max())];
            Assert.Equal(plausible, label.TokenIds);
            Assert.Equal(kl[label.Index], label.Kl, 1e-5 * kl[label.Index]);
            var weights = advantage[label.Index].index_select(0, plausible.ToDevice(CPU)).softmax(0).data<double>().ToArray();
            Assert.All(weights.Zip(label.Weights), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * pair.First));
        }
        var flat = labels.Any(label => label.TokenIds.Length > OperatorSelection.Width);
        Assert.Equal(alpha < 0.1, flat);
        Assert.Equal(flat ? 1 : 0, HostCopy.Waits - before);
    }

    /// <summary>What would wait without being counted: members that read a tensor or whose result has as many elements as its values say, and uploads from ordinary memory.</summary>
    [Fact]
    public void Sources_OfDecoding_AskTheDeviceInNoOtherWay()
    {
        string[] files = [.. ((string[])["Generation", "Sampling", "Models"]).SelectMany(folder => Directory.GetFiles(RepositoryFolder.Of("worker", folder), "*.cs"))];
        Assert.True(files.Length > 30);
        // Examples are read after a chunk, and checkpointing belongs to training; so do the uploads of the other models' sources.
        foreach (var file in files.Where(file => Path.GetFileName(file) is not ("StepExample.cs" or "CausalLM.Checkpointing.cs")))
        {
            var text = File.ReadAllText(file);
            Assert.DoesNotMatch(@"\.item<|\.cpu\(|\.data<|\.bytes\b|nonzero|masked_select|\.To(Single|Double|Int32|Int64|Boolean)\(", text);
            if (!file.Contains($"{Path.DirectorySeparatorChar}Models{Path.DirectorySeparatorChar}") || file.EndsWith("KvCache.cs"))
                Assert.DoesNotMatch(@"\btensor\(.*device:", text);
        }
    }

    private static LoadedModel Half(string name) => HuggingFaceFolder.Load(Path.Combine(Goldens.Folder, name), ScalarType.BFloat16, CPU);
}
