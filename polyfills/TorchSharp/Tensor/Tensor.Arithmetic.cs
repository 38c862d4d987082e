using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public enum RoundingMode
    {
        trunc,
        floor,
    }

    public partial class Tensor
    {
        public Tensor add(Tensor target) => Aten.add.Call(this, target);

        public Tensor add(Tensor target, Scalar alpha) => Aten.add.Call(this, target, alpha);

        public Tensor add(Scalar scalar) => Aten.add_Scalar.Call(this, scalar);

        public Tensor add(Scalar scalar, Scalar alpha) => Aten.add_Scalar.Call(this, scalar, alpha);

        public Tensor add_(Tensor target) => InPlace(Aten.add_, target);

        public Tensor add_(Tensor target, Scalar alpha) => InPlace(Aten.add_, target, alpha);

        public Tensor add_(Scalar scalar) => InPlace(Aten.add__Scalar, scalar);

        public Tensor add_(Scalar scalar, Scalar alpha) => InPlace(Aten.add__Scalar, scalar, alpha);

        public Tensor sub(Tensor target) => Aten.sub.Call(this, target);

        public Tensor sub(Tensor target, Scalar alpha) => Aten.sub.Call(this, target, alpha);

        public Tensor sub(Scalar scalar) => Aten.sub_Scalar.Call(this, scalar);

        public Tensor sub_(Tensor target) => InPlace(Aten.sub_, target);

        public Tensor sub_(Tensor target, Scalar alpha) => InPlace(Aten.sub_, target, alpha);

        public Tensor sub_(Scalar scalar) => InPlace(Aten.sub__Scalar, scalar);

        public Tensor subtract(Tensor target) => sub(target);

        public Tensor mul(Tensor target) => Aten.mul.Call(this, target);

        public Tensor mul(Scalar scalar) => Aten.mul_Scalar.Call(this, scalar);

        public Tensor mul_(Tensor target) => InPlace(Aten.mul_, target);

        public Tensor mul_(Scalar scalar) => InPlace(Aten.mul__Scalar, scalar);

        public Tensor multiply(Tensor target) => mul(target);

        public Tensor div(Tensor target, RoundingMode? rounding_mode = null) => rounding_mode is { } mode
            ? Aten.div_mode.Call(this, target, mode.ToString())
            : Aten.div.Call(this, target);

        public Tensor div(Scalar target, RoundingMode? rounding_mode = null) => rounding_mode is { } mode
            ? Aten.div_Scalar_mode.Call(this, target, mode.ToString())
            : Aten.div_Scalar.Call(this, target);

        public Tensor div_(Tensor target, RoundingMode? rounding_mode = null) => rounding_mode is { } mode
            ? InPlace(Aten.div__mode, target, mode.ToString())
            : InPlace(Aten.div_, target);

        public Tensor div_(Scalar target, RoundingMode? rounding_mode = null) => rounding_mode is { } mode
            ? InPlace(Aten.div__Scalar_mode, target, mode.ToString())
            : InPlace(Aten.div__Scalar, target);

        public Tensor divide(Tensor target, RoundingMode? rounding_mode = null) => div(target, rounding_mode);

        public Tensor true_divide(Tensor other) => div(other);

        public Tensor floor_divide(Tensor other) => div(other, RoundingMode.floor);

        public Tensor floor_divide(Scalar other) => div(other, RoundingMode.floor);

        public Tensor remainder(Tensor other) => Aten.remainder.Call(this, other);

        public Tensor remainder(Scalar other) => Aten.remainder_Scalar.Call(this, other);

        public Tensor remainder_(Tensor other) => InPlace(Aten.remainder_, other);

        public Tensor remainder_(Scalar other) => InPlace(Aten.remainder__Scalar, other);

        public Tensor fmod(Tensor target) => Aten.fmod.Call(this, target);

        public Tensor fmod(Scalar scalar) => Aten.fmod_Scalar.Call(this, scalar);

        public Tensor pow(Tensor exponent) => Aten.pow.Call(this, exponent);

        public Tensor pow(Scalar exponent) => Aten.pow_Scalar.Call(this, exponent);

        public Tensor pow_(Tensor exponent) => InPlace(Aten.pow_, exponent);

        public Tensor pow_(Scalar exponent) => InPlace(Aten.pow__Scalar, exponent);

        public Tensor addcmul(Tensor tensor1, Tensor tensor2, Scalar value) => Aten.addcmul.Call(this, tensor1, tensor2, value);

        public Tensor addcmul_(Tensor tensor1, Tensor tensor2, Scalar value) => InPlace(Aten.addcmul_, tensor1, tensor2, value);

        public Tensor addcdiv(Tensor tensor1, Tensor tensor2, Scalar value) => Aten.addcdiv.Call(this, tensor1, tensor2, value);

        public Tensor addcdiv(Tensor tensor1, Tensor tensor2) => Aten.addcdiv.Call(this, tensor1, tensor2);

        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2, Scalar value) => InPlace(Aten.addcdiv_, tensor1, tensor2, value);

        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2) => InPlace(Aten.addcdiv_, tensor1, tensor2);

        public Tensor lerp(Tensor end, Tensor weight) => Aten.lerp.Call(this, end, weight);

        public Tensor lerp(Tensor end, Scalar weight) => Aten.lerp_Scalar.Call(this, end, weight);

        public Tensor lerp_(Tensor end, Tensor weight) => InPlace(Aten.lerp_, end, weight);

        public Tensor lerp_(Tensor end, Scalar weight) => InPlace(Aten.lerp__Scalar, end, weight);

        public Tensor clamp(Scalar? min = null, Scalar? max = null) => Aten.clamp.Call(this, min, max);

        public Tensor clamp(Tensor? min = null, Tensor? max = null) => Aten.clamp_Tensor.Call(this, min, max);

        public Tensor clamp_(Scalar? min = null, Scalar? max = null) => InPlace(Aten.clamp_, min, max);

        public Tensor clamp_(Tensor? min = null, Tensor? max = null) => InPlace(Aten.clamp__Tensor, min, max);

        public Tensor clip(Scalar? min = null, Scalar? max = null) => clamp(min, max);

        public Tensor clamp_min(Scalar min) => clamp(min: min);

        public Tensor clamp_min_(Scalar min) => clamp_(min: min);

        public Tensor clamp_max(Scalar max) => clamp(max: max);

        public Tensor clamp_max_(Scalar max) => clamp_(max: max);

        public Tensor maximum(Tensor other) => Aten.maximum.Call(this, other);

        public Tensor minimum(Tensor other) => Aten.minimum.Call(this, other);

        public Tensor fill_(Scalar value) => InPlace(Aten.fill_, value);

        public Tensor zero_() => InPlace(Aten.zero_);

        public Tensor atan2(Tensor other) => Aten.atan2.Call(this, other);

        public Tensor logaddexp(Tensor other) => Aten.logaddexp.Call(this, other);

        public Tensor xlogy(Tensor y) => Aten.xlogy.Call(this, y);

        public static Tensor operator -(Tensor value) => value.neg();

        public static Tensor operator +(Tensor left, Tensor right) => left.add(right);

        public static Tensor operator +(Tensor left, Scalar right) => left.add(right);

        public static Tensor operator +(Scalar left, Tensor right) => right.add(left);

        public static Tensor operator -(Tensor left, Tensor right) => left.sub(right);

        public static Tensor operator -(Tensor left, Scalar right) => left.sub(right);

        public static Tensor operator -(Scalar left, Tensor right) => Aten.rsub_Scalar.Call(right, left);

        public static Tensor operator *(Tensor left, Tensor right) => left.mul(right);

        public static Tensor operator *(Tensor left, Scalar right) => left.mul(right);

        public static Tensor operator *(Scalar left, Tensor right) => right.mul(left);

        public static Tensor operator /(Tensor left, Tensor right) => left.div(right);

        public static Tensor operator /(Tensor left, Scalar right) => left.div(right);

        public static Tensor operator /(Scalar left, Tensor right)
        {
            using var inverse = right.reciprocal();
            return inverse.mul(left);
        }

        public static Tensor operator %(Tensor left, Tensor right) => left.remainder(right);

        public static Tensor operator %(Tensor left, Scalar right) => left.remainder(right);

        private Tensor InPlace(Operator function, Argument first)
        {
            function.Invoke(this, first);
            return this;
        }

        private Tensor InPlace(Operator function, Argument first, Argument second)
        {
            function.Invoke(this, first, second);
            return this;
        }

        private Tensor InPlace(Operator function, Argument first, Argument second, Argument third)
        {
            function.Invoke(this, first, second, third);
            return this;
        }
    }
}
