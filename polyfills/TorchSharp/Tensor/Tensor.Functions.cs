using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor abs() => Aten.abs.Plain.Call(this);

        public Tensor abs_() => InPlace(Aten.abs.InPlace);

        public Tensor neg() => Aten.neg.Plain.Call(this);

        public Tensor neg_() => InPlace(Aten.neg.InPlace);

        public Tensor exp() => Aten.exp.Plain.Call(this);

        public Tensor exp_() => InPlace(Aten.exp.InPlace);

        public Tensor exp2() => Aten.exp2.Plain.Call(this);

        public Tensor exp2_() => InPlace(Aten.exp2.InPlace);

        public Tensor expm1() => Aten.expm1.Plain.Call(this);

        public Tensor expm1_() => InPlace(Aten.expm1.InPlace);

        public Tensor log() => Aten.log.Plain.Call(this);

        public Tensor log_() => InPlace(Aten.log.InPlace);

        public Tensor log2() => Aten.log2.Plain.Call(this);

        public Tensor log2_() => InPlace(Aten.log2.InPlace);

        public Tensor log10() => Aten.log10.Plain.Call(this);

        public Tensor log10_() => InPlace(Aten.log10.InPlace);

        public Tensor log1p() => Aten.log1p.Plain.Call(this);

        public Tensor log1p_() => InPlace(Aten.log1p.InPlace);

        public Tensor sqrt() => Aten.sqrt.Plain.Call(this);

        public Tensor sqrt_() => InPlace(Aten.sqrt.InPlace);

        public Tensor rsqrt() => Aten.rsqrt.Plain.Call(this);

        public Tensor rsqrt_() => InPlace(Aten.rsqrt.InPlace);

        public Tensor square() => Aten.square.Plain.Call(this);

        public Tensor square_() => InPlace(Aten.square.InPlace);

        public Tensor reciprocal() => Aten.reciprocal.Plain.Call(this);

        public Tensor reciprocal_() => InPlace(Aten.reciprocal.InPlace);

        public Tensor sin() => Aten.sin.Plain.Call(this);

        public Tensor sin_() => InPlace(Aten.sin.InPlace);

        public Tensor cos() => Aten.cos.Plain.Call(this);

        public Tensor cos_() => InPlace(Aten.cos.InPlace);

        public Tensor tan() => Aten.tan.Plain.Call(this);

        public Tensor tan_() => InPlace(Aten.tan.InPlace);

        public Tensor tanh() => Aten.tanh.Plain.Call(this);

        public Tensor tanh_() => InPlace(Aten.tanh.InPlace);

        public Tensor sigmoid() => Aten.sigmoid.Plain.Call(this);

        public Tensor sigmoid_() => InPlace(Aten.sigmoid.InPlace);

        public Tensor silu() => Aten.silu.Plain.Call(this);

        public Tensor silu_() => InPlace(Aten.silu.InPlace);

        public Tensor relu() => Aten.relu.Plain.Call(this);

        public Tensor relu_() => InPlace(Aten.relu.InPlace);

        public Tensor round() => Aten.round.Plain.Call(this);

        public Tensor round_() => InPlace(Aten.round.InPlace);

        public Tensor floor() => Aten.floor.Plain.Call(this);

        public Tensor floor_() => InPlace(Aten.floor.InPlace);

        public Tensor ceil() => Aten.ceil.Plain.Call(this);

        public Tensor ceil_() => InPlace(Aten.ceil.InPlace);

        public Tensor trunc() => Aten.trunc.Plain.Call(this);

        public Tensor trunc_() => InPlace(Aten.trunc.InPlace);

        public Tensor frac() => Aten.frac.Plain.Call(this);

        public Tensor frac_() => InPlace(Aten.frac.InPlace);

        public Tensor sign() => Aten.sign.Plain.Call(this);

        public Tensor sign_() => InPlace(Aten.sign.InPlace);

        public Tensor erf() => Aten.erf.Plain.Call(this);

        public Tensor erf_() => InPlace(Aten.erf.InPlace);

        public Tensor logical_not() => Aten.logical_not.Plain.Call(this);

        public Tensor logical_not_() => InPlace(Aten.logical_not.InPlace);

        public Tensor bitwise_not() => Aten.bitwise_not.Plain.Call(this);

        public Tensor bitwise_not_() => InPlace(Aten.bitwise_not.InPlace);

        public Tensor nan_to_num() => Aten.nan_to_num.Plain.Call(this);

        public Tensor nan_to_num_() => InPlace(Aten.nan_to_num.InPlace);

        public Tensor isnan() => Aten.isnan.Call(this);

        public Tensor isinf() => Aten.isinf.Call(this);

        public Tensor isfinite() => Aten.isfinite.Call(this);

        public Tensor negative() => neg();

        private Tensor InPlace(Operator function)
        {
            function.Invoke(this);
            return this;
        }
    }
}
