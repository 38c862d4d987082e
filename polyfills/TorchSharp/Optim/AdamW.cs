using TorchSharp.Interop;
using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

/// <summary>Adam with decoupled weight decay (arXiv 1711.05101), a whole group of parameters per native call.</summary>
public class AdamW : OptimizerHelper, IBetas
{
    private readonly Options _defaults;

    public AdamW(
        IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0,
        bool amsgrad = false, bool maximize = false)
        : this([new ParamGroup { Parameters = parameters }], lr, beta1, beta2, eps, weight_decay, amsgrad, maximize)
    {
    }

    public AdamW(
        IEnumerable<ParamGroup> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0,
        bool amsgrad = false, bool maximize = false)
    {
        Require(lr >= 0, $"Invalid learning rate: {lr}");
        Require(eps >= 0, $"Invalid ε: {eps}");
        Require(beta1 is >= 0 and < 1, $"Invalid beta1: {beta1}");
        Require(beta2 is >= 0 and < 1, $"Invalid beta2: {beta2}");
        Require(weight_decay >= 0, $"Invalid weight_decay value: {weight_decay}");
        if (amsgrad)
        {
            throw new NotSupportedException("AdamW supports no amsgrad");
        }

        _defaults = new Options
        {
            LearningRate = lr,
            InitialLearningRate = lr,
            beta1 = beta1,
            beta2 = beta2,
            eps = eps,
            weight_decay = weight_decay,
            amsgrad = amsgrad,
            maximize = maximize,
        };
        foreach (var group in parameters)
        {
            add_param_group(group);
        }
    }

    public (double, double) Betas
    {
        get => (_defaults.beta1!.Value, _defaults.beta2!.Value);
        set => (_defaults.beta1, _defaults.beta2) = value;
    }

    public override void add_param_group(Modules.ParamGroup param_group)
    {
        param_group.Options ??= new Options();
        param_group.Parameters = [.. param_group.Parameters];
        var options = (Options)param_group.Options;
        options.LearningRate ??= _defaults.LearningRate;
        options.beta1 ??= _defaults.beta1;
        options.beta2 ??= _defaults.beta2;
        options.eps ??= _defaults.eps;
        options.weight_decay ??= _defaults.weight_decay;
        options.amsgrad ??= _defaults.amsgrad;
        options.maximize ??= _defaults.maximize;
        options.InitialLearningRate = options.LearningRate!.Value;
        base.add_param_group(param_group);
        foreach (var parameter in param_group.Parameters)
        {
            using var mode = no_grad();
            _state[parameter.Handle] = new State
            {
                exp_avg = zeros_like(parameter).DetachFromDisposeScope(),
                exp_avg_sq = zeros_like(parameter).DetachFromDisposeScope(),
            };
        }
    }

    public override Tensor? step(Func<Tensor>? closure = null) => _step<Modules.ParamGroup>(Step, closure);

    private void Step(Modules.ParamGroup group)
    {
        var options = (Options)group.Options;
        double beta1 = options.beta1!.Value;
        double beta2 = options.beta2!.Value;
        double learningRate = options.LearningRate!.Value;
        double decay = options.weight_decay!.Value;

        foreach (var (parameter, gradient, state) in group.Parameters
            .Select(parameter => (Parameter: parameter, Gradient: parameter.grad, State: (State)_state[parameter.Handle]))
            .Where(update => update.Gradient is not null && CanFuse(update.Parameter, update.Gradient, update.State)))
        {
            double step = ++state.step;
            double sign = options.maximize!.Value ? 1 : -1;
            FusedAdamW.Update(parameter, gradient!, state.exp_avg, state.exp_avg_sq, new FusedAdamW.Factors(
                1 - (learningRate * decay), beta1, beta2, Math.Sqrt(1 - Math.Pow(beta2, step)), options.eps!.Value, sign * learningRate / (1 - Math.Pow(beta1, step))));
        }

        // Parameters that had no gradient in some step are behind; each step count has its own bias corrections.
        var updates = group.Parameters
            .Select(parameter => (Parameter: parameter, Gradient: parameter.grad, State: (State)_state[parameter.Handle]))
            .Where(update => update.Gradient is not null && !CanFuse(update.Parameter, update.Gradient, update.State))
            .GroupBy(update => update.State.step);
        foreach (var update in updates)
        {
            Tensor[] parameters = [.. update.Select(item => (Tensor)item.Parameter)];
            Tensor[] gradients = [.. update.Select(item => item.Gradient!)];
            Tensor[] averages = [.. update.Select(item => item.State.exp_avg)];
            Tensor[] squares = [.. update.Select(item => item.State.exp_avg_sq)];
            long step = update.Key + 1;
            foreach (var item in update)
            {
                item.State.step = step;
            }

            if (options.maximize!.Value)
            {
                gradients = Aten.foreach_neg.CallList(gradients);
            }

            if (decay != 0)
            {
                Aten.foreach_mul__Scalar.Invoke(parameters, 1 - (learningRate * decay));
            }

            Aten.foreach_mul__Scalar.Invoke(averages, beta1);
            Aten.foreach_add__List.Invoke(averages, gradients, 1 - beta1);
            Aten.foreach_mul__Scalar.Invoke(squares, beta2);
            Aten.foreach_addcmul__Scalar.Invoke(squares, gradients, gradients, 1 - beta2);

            var denominators = Aten.foreach_sqrt.CallList(squares);
            Aten.foreach_div__Scalar.Invoke(denominators, Math.Sqrt(1 - Math.Pow(beta2, step)));
            Aten.foreach_add__Scalar.Invoke(denominators, options.eps!.Value);
            Aten.foreach_addcdiv__Scalar.Invoke(parameters, averages, denominators, -learningRate / (1 - Math.Pow(beta1, step)));
            foreach (var denominator in denominators)
            {
                denominator.Dispose();
            }
        }
    }

    private static bool CanFuse(Tensor parameter, Tensor gradient, State state) =>
        FusedAdamW.Supports(parameter) && FusedAdamW.Supports(gradient) && FusedAdamW.Supports(state.exp_avg) && FusedAdamW.Supports(state.exp_avg_sq);

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new ArgumentException(message);
        }
    }

    public class State : OptimizerState, IDisposable
    {
        public long step;
        public Tensor exp_avg = null!;
        public Tensor exp_avg_sq = null!;
        public Tensor? max_exp_avg_sq;

        public void Dispose()
        {
            exp_avg.Dispose();
            exp_avg_sq.Dispose();
        }

        public override void to(Device device)
        {
            exp_avg = Moved(exp_avg, device);
            exp_avg_sq = Moved(exp_avg_sq, device);
        }

        public override void LoadStateDict(OptimizerState source)
        {
            var other = (State)source;
            Dispose();
            step = other.step;
            exp_avg = other.exp_avg;
            exp_avg_sq = other.exp_avg_sq;
        }

        public override bool ApproximatelyEquals(OptimizerState other) =>
            other is State state && step == state.step && exp_avg.allclose(state.exp_avg) && exp_avg_sq.allclose(state.exp_avg_sq);

        private static Tensor Moved(Tensor tensor, Device device)
        {
            var moved = tensor.to(device).DetachFromDisposeScope();
            tensor.Dispose();
            return moved;
        }
    }

    public class Options : OptimizerOptions
    {
        public double? beta1;
        public double? beta2;
        public double? weight_decay;
        public double? eps;
        public bool? amsgrad;
        public bool? maximize;

        public override void LoadStateDict(OptimizerOptions source)
        {
            base.LoadStateDict(source);
            var other = (Options)source;
            beta1 = other.beta1;
            beta2 = other.beta2;
            weight_decay = other.weight_decay;
            eps = other.eps;
            amsgrad = other.amsgrad;
            maximize = other.maximize;
        }
    }

    public class ParamGroup : ParamGroup<Options>, IBetas
    {
        public ParamGroup()
        {
        }

        public ParamGroup(IEnumerable<Parameter> parameters, Options options)
            : base(parameters, options)
        {
        }

        public ParamGroup(
            IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0,
            bool amsgrad = false, bool maximize = false)
            : base(parameters, new Options { LearningRate = lr, beta1 = beta1, beta2 = beta2, eps = eps, weight_decay = weight_decay, amsgrad = amsgrad, maximize = maximize })
        {
        }

        public (double, double) Betas
        {
            get => (Options.beta1!.Value, Options.beta2!.Value);
            set => (Options.beta1, Options.beta2) = value;
        }
    }
}
