using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Sampling;
using LightReasoner.Worker.Tests.Generation;
using LightReasoner.Worker.Tests.Models;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Sampling;

/// <summary>Sampling against the published script (../shared/goldens/lightreasoner-sampling.json).</summary>
public class ContrastiveSamplerTests
{
    private const string Golden = "goldens/lightreasoner-sampling.json";

    private static readonly SamplingRunSpec Spec = new()
    {
        Generation = new GenerationSpec { MaxNewTokens = 48 },
        Prompt = new PromptSpec { Template = PromptTemplate.None },
    };

    [Theory, InlineData(1), InlineData(4), InlineData(64)]
    public void Compare_PublishedPrompts_GivesPublishedSteps(int batchSize)
    {
        using var expert = Goldens.Model("qwen2-tiny");
        using var amateur = Goldens.Model("qwen2-tiny-amateur");
        using var sampler = new ContrastiveSampler(expert, amateur, TestTokenizer.Create(), Spec with { BatchSize = batchSize });
        var golden = Goldens.Json("lightreasoner-sampling.json")["prompts"]!.AsArray();

        var result = sampler.Compare([.. golden.Select(p => p!["prompt_ids"]!.Ids())], [.. Enumerable.Range(0, golden.Count)]);

        Assert.Equal(golden.Select(p => p!["generated_ids"]!.Ids()), result.Answers);
        GoldenLedger.Add(Golden, "generated ids by prompt", golden.Count);
        Assert.Equal(237, result.Seen);
        Assert.InRange(result.Drafts.Accepted, 0, result.Drafts.Proposed);
        Assert.True(result.Drafts.Passes > 0, "few rows were at work, and no draft was made");
        Assert.Equal(117, result.Kept.Count);
        for (var prompt = 0; prompt < golden.Count; prompt++)
            AssertKept(golden[prompt]!["steps"]!.AsArray(), [.. result.Kept.Where(k => k.Prompt == prompt)]);
    }

    [Fact]
    public void Compare_FirstStepIncluded_LooksAtEveryToken()
    {
        using var expert = Goldens.Model("qwen2-tiny");
        using var amateur = Goldens.Model("qwen2-tiny-amateur");
        var spec = Spec with { Selection = new SelectionSpec { IncludeFirstStep = true, Beta = 0 } };
        using var sampler = new ContrastiveSampler(expert, amateur, TestTokenizer.Create(), spec);
        var golden = Goldens.Json("lightreasoner-sampling.json")["prompts"]!.AsArray();

        var result = sampler.Compare([.. golden.Select(p => p!["prompt_ids"]!.Ids())], [.. Enumerable.Range(0, golden.Count)]);

        Assert.Equal(237 + golden.Count, result.Seen);
        Assert.Equal(result.Answers.Sum(a => a.Length), result.Kept.Count);
        var worst = golden.SelectMany((p, prompt) => p!["steps"]!.AsArray().Select(step =>
            Math.Abs((double)step!["kl_independent_f64"]! - result.Kept.Single(k => k.Prompt == prompt && k.Step == (int)step["step"]!).Label.Kl))).Max();
        GoldenLedger.AddWithin(Golden, "KL of every step against float64, absolute", 237, worst, 1e-5);
    }

    [Fact]
    public void Sample_Questions_WritesPublishedFieldsAndThePrefixIds()
    {
        using var expert = Goldens.Model("qwen2-tiny");
        using var amateur = Goldens.Model("qwen2-tiny-amateur");
        var tokenizer = TestTokenizer.Create();
        using var sampler = new ContrastiveSampler(expert, amateur, tokenizer, Spec with { BatchSize = 3 });
        Question[] questions = [.. Enumerable.Range(0, 7).Select(i => new Question(i, $"q{i}", new string('a', i + 1) + "bc?"))];

        var result = sampler.Sample(questions);
        var again = sampler.Sample(questions);

        Assert.Equal(7, result.QuestionsDone);
        Assert.NotEmpty(result.Samples);
        Assert.Equal(Text(result.Samples), Text(again.Samples));
        Assert.Equal(result.Samples.Sum(s => s.KlDivergence), result.KlSum, 1e-9);
        Assert.Equal([.. result.Samples.OrderBy(s => s.PromptId).ThenBy(s => s.Step)], result.Samples);
        foreach (var sample in result.Samples)
        {
            var prompt = tokenizer.Encode(questions.Single(q => q.Id == sample.PromptId).Text, addSpecialTokens: true);
            Assert.Equal(prompt.Length + sample.Step, sample.PrefixIds!.Length);
            Assert.Equal(prompt, sample.PrefixIds.Take(prompt.Length));
            Assert.Equal(tokenizer.Decode(sample.PrefixIds.AsSpan(prompt.Length)), sample.Prefix);
            Assert.Equal(sample.TokenIds.Select(id => tokenizer.Decode([id])), sample.Tokens);
            Assert.Equal(1, sample.Weights.Sum(), 1e-5);
        }
    }

    [Fact]
    public void Sample_Published_ShowsTheAmateurTheTextEncodedAnew()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var expert = Goldens.Model("qwen2-tiny");
        using var amateur = Goldens.Model("qwen2-tiny-amateur");
        var tokenizer = TestTokenizer.Create(); // its words come back as bytes, so most prefixes have other tokens
        var spec = Spec with { Compatibility = Compatibility.Published, Selection = new SelectionSpec { Beta = 0 }, Generation = new GenerationSpec { MaxNewTokens = 12 } };
        using var sampler = new ContrastiveSampler(expert, amateur, tokenizer, spec);
        var question = new Question(0, "q", "abc?");
        var different = 0;
        foreach (var sample in sampler.Sample([question]).Samples)
        {
            var reencoded = tokenizer.Encode(question.Text + sample.Prefix);
            var p = Distribution(expert.Model, sample.PrefixIds!);
            var q = Distribution(amateur.Model, reencoded);
            Assert.Equal(p.mul(p.log().sub(q.log())).sum().item<float>(), sample.KlDivergence, 1e-4);
            different += reencoded.SequenceEqual(sample.PrefixIds!) ? 0 : 1;
        }
        Assert.True(different > 3);

        static Tensor Distribution(CausalLM model, int[] ids) => model.forward(Goldens.Batch(ids)).narrow(1, ids.Length - 1, 1).view(-1).softmax(0);
    }

    private static void AssertKept(JsonArray steps, ContrastiveSampler.KeptStep[] kept)
    {
        var expected = steps.Where(step => (bool)step!["kept"]!).ToArray();
        Assert.Equal(expected.Select(step => (int)step!["step"]!), kept.Select(k => k.Step));
        GoldenLedger.Add(Golden, "kept or dropped by step", steps.Count);
        foreach (var (step, actual) in expected.Zip(kept))
        {
            Assert.Equal(step!["token_ids"]!.Ids(), actual.Label.TokenIds);
            GoldenLedger.Add(Golden, "plausible sets of kept steps", 1);
            GoldenLedger.AddWithin(Golden, "KL of kept steps, relative", 1, Math.Abs((double)step["kl"]! - actual.Label.Kl) / (double)step["kl"]!, 1e-5);
            foreach (var (weight, w) in step["weights"]!.Numbers().Zip(actual.Label.Weights))
                GoldenLedger.AddWithin(Golden, "weights of kept steps, relative", 1, Math.Abs(weight - w) / weight, 1e-5);
        }
    }

    private static string Text(IReadOnlyList<ContrastiveSample> samples) => System.Text.Json.JsonSerializer.Serialize(samples);
}
