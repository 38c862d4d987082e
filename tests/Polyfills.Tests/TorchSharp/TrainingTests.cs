using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LightReasoner.Polyfills.Tests.TorchSharp;

[Collection(TorchCollection.Name)]
public sealed class TrainingTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    private sealed class Net : nn.Module<Tensor, Tensor>
    {
        private readonly Linear first = nn.Linear(3, 4);
        private readonly ModuleList<Linear> rest = nn.ModuleList(nn.Linear(4, 4), nn.Linear(4, 2, hasBias: false));
        private readonly Parameter scale = new(ones(1));
        private readonly Tensor table = arange(3);

        public Net()
            : base(nameof(Net)) => RegisterComponents();

        public override Tensor forward(Tensor input) => rest.Aggregate(first.call(input), (x, layer) => layer.call(x)) * scale;
    }

    [Fact]
    public void Module_NamesItsPartsAndSwitchesMode()
    {
        using var net = new Net();
        Assert.Equal(
            ["scale", "first.weight", "first.bias", "rest.0.weight", "rest.0.bias", "rest.1.weight"],
            net.named_parameters().Select(entry => entry.name).ToArray());
        Assert.Equal("table", Assert.Single(net.named_buffers()).name);
        Assert.Equal(7, net.state_dict().Count);
        net.eval();
        Assert.All(net.modules(), module => Assert.False(module.training));
        Assert.Equal([5, 2], net.call(randn(5, 3)).shape);
        net.to(bfloat16);
        Assert.All(net.parameters(), parameter => Assert.Equal(bfloat16, parameter.dtype));
        Assert.Equal(int64, net.buffers().Single().dtype);
        using var other = new Net();
        other.load_state_dict(net.state_dict());
        Assert.True(other.get_parameter("first.weight")!.to(bfloat16).equal(net.get_parameter("first.weight")!));
        Assert.Throws<InvalidOperationException>(() => other.load_state_dict([]));
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.1)]
    public void AdamW_MatchesTheWrittenOutAlgorithm(double decay)
    {
        const double Rate = 0.01, Beta1 = 0.9, Beta2 = 0.95, Eps = 1e-8;
        using var x = new Parameter(tensor(new[] { 1.0, -2.0, 3.0 }));
        using var late = new Parameter(tensor(new[] { 0.5 }));
        using var optimizer = optim.AdamW([x, late], Rate, Beta1, Beta2, Eps, decay);
        double[] values = [1, -2, 3, 0.5], m = new double[4], v = new double[4];
        int[] steps = new int[4];
        for (int step = 1; step <= 5; step++)
        {
            optimizer.zero_grad();
            var loss = (x * x * x).sum();
            (step >= 3 ? loss + late.sin().sum() : loss).backward();
            optimizer.step();
            for (int i = 0; i < 4; i++)
            {
                if (i == 3 && step < 3)
                {
                    continue;
                }

                double gradient = i == 3 ? Math.Cos(values[i]) : 3 * values[i] * values[i];
                steps[i]++;
                m[i] = Beta1 * m[i] + (1 - Beta1) * gradient;
                v[i] = Beta2 * v[i] + (1 - Beta2) * gradient * gradient;
                values[i] *= 1 - Rate * decay;
                values[i] -= Rate / (1 - Math.Pow(Beta1, steps[i])) * m[i] / (Math.Sqrt(v[i]) / Math.Sqrt(1 - Math.Pow(Beta2, steps[i])) + Eps);
            }
        }

        Assert.All(values.Zip([.. x.data<double>(), .. late.data<double>()]), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
        var states = optimizer.state_dict().State.Cast<AdamW.State>().ToArray();
        Assert.Equal([5, 3], states.Select(state => state.step));
        Assert.Equal(m[1], states[0].exp_avg.data<double>()[1], 1e-12);
    }

    [Fact]
    public void AdamW_ResumesExactlyFromItsState()
    {
        using var straight = new Parameter(arange(4, float32));
        using var resumed = new Parameter(arange(4, float32));
        using var optimizer = optim.AdamW([straight]);
        Train(straight, optimizer, 6);
        using (var before = optim.AdamW([resumed]))
        {
            Train(resumed, before, 3);
            using var after = optim.AdamW([resumed]);
            var (from, to) = ((AdamW.State)before.state_dict().State[0], (AdamW.State)after.state_dict().State[0]);
            to.step = from.step;
            to.exp_avg.copy_(from.exp_avg);
            to.exp_avg_sq.copy_(from.exp_avg_sq);
            Train(resumed, after, 3);
        }

        Assert.True(straight.equal(resumed));

        static void Train(Parameter parameter, AdamW optimizer, int steps)
        {
            for (int i = 0; i < steps; i++)
            {
                optimizer.zero_grad();
                parameter.sin().sum().backward();
                optimizer.step();
            }
        }
    }

    [Fact]
    public void LambdaLR_ScalesTheInitialRate()
    {
        using var x = new Parameter(ones(1));
        using var optimizer = optim.AdamW([x], lr: 0.1);
        var schedule = optim.lr_scheduler.LambdaLR(optimizer, step => 1 - (step / 10.0));
        Assert.Equal(0.1, optimizer.ParamGroups.Single().LearningRate, 1e-12);
        schedule.step();
        schedule.step();
        Assert.Equal(0.08, optimizer.ParamGroups.Single().LearningRate, 1e-12);
    }

    [Fact]
    public void ClipGradNorm_ScalesAllGradientsTogether()
    {
        using var a = new Parameter(zeros(2));
        using var b = new Parameter(zeros(1));
        (a * tensor(new[] { 3f, 0f })).sum().add((b * 4).sum()).backward();
        Assert.Equal(5, nn.utils.clip_grad_norm_([a, b], 1), 1e-6);
        Assert.Equal([0.6f, 0f, 0.8f], [.. a.grad!.data<float>(), .. b.grad!.data<float>()], (x, y) => Math.Abs(x - y) < 1e-5);
        Assert.Equal(1, nn.utils.clip_grad_norm_([a, b], 2), 1e-5);
    }

    [Fact]
    public void Init_StaysInItsBounds()
    {
        manual_seed(0);
        var weight = empty(64, 48);
        nn.init.kaiming_uniform_(weight, a: Math.Sqrt(5));
        float bound = 1 / MathF.Sqrt(48);
        Assert.InRange(weight.abs().max().item<float>(), bound * 0.98f, bound);
        nn.init.normal_(weight, 0, 0.02);
        Assert.InRange(weight.std().item<float>(), 0.019f, 0.021f);
    }
}
