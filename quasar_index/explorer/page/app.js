var an=function(e,t,n,o){var r;t[0]=0;for(var s=1;s<t.length;s++){var a=t[s++],i=t[s]?(t[0]|=a?1:2,n[t[s++]]):t[++s];a===3?o[0]=i:a===4?o[1]=Object.assign(o[1]||{},i):a===5?(o[1]=o[1]||{})[t[++s]]=i:a===6?o[1][t[++s]]+=i+"":a?(r=e.apply(i,an(e,i,n,["",null])),o.push(r),i[0]?t[0]|=2:(t[s-2]=0,t[s]=r)):o.push(i)}return o},rn=new Map;function ln(e){var t=rn.get(this);return t||(t=new Map,rn.set(this,t)),(t=an(this,t.get(e)||(t.set(e,t=(function(n){for(var o,r,s=1,a="",i="",f=[0],_=function(m){s===1&&(m||(a=a.replace(/^\s*\n\s*|\s*\n\s*$/g,"")))?f.push(0,m,a):s===3&&(m||a)?(f.push(3,m,a),s=2):s===2&&a==="..."&&m?f.push(4,m,0):s===2&&a&&!m?f.push(5,0,!0,a):s>=5&&((a||!m&&s===5)&&(f.push(s,0,a,r),s=6),m&&(f.push(s,m,0,r),s=6)),a=""},l=0;l<n.length;l++){l&&(s===1&&_(),_(l));for(var $=0;$<n[l].length;$++)o=n[l][$],s===1?o==="<"?(_(),f=[f],s=3):a+=o:s===4?a==="--"&&o===">"?(s=1,a=""):a=o+a[0]:i?o===i?i="":a+=o:o==='"'||o==="'"?i=o:o===">"?(_(),s=1):s&&(o==="="?(s=5,r=a,a=""):o==="/"&&(s<5||n[l][$+1]===">")?(_(),s===3&&(f=f[0]),s=f,(f=f[0]).push(2,0,s),s=0):o===" "||o==="	"||o===`
`||o==="\r"?(_(),s=2):a+=o),s===3&&a==="!--"&&(s=4,f=f[0])}return _(),f})(e)),t),arguments,[])).length>1?t:t[0]}var O,pn,Ko,ae,bt,Ye,fn,Ge,dn,yt,kt,Xo,Ne=Symbol.for("pv"),Ze={},Qe=[],Vo=/^m(i|n|o|s|text|space)$/,wt=Array.isArray,vt=Qe.slice,$e=Object.assign;function ge(e){e&&e.parentNode&&e.remove()}function hn(e,t,n){var o,r,s,a={},i=arguments.length;for(s in t)s=="key"?o=t[s]:s=="ref"&&typeof e!="function"?r=t[s]:a[s]=t[s];return i>2&&(a.children=i>3?vt.call(arguments,2):n),je(e,a,o,r,null)}function je(e,t,n,o,r){var s={type:e,props:t,key:n,ref:o,__k:null,__:null,__b:0,__e:null,__c:null,constructor:Ne,__v:r||++pn,__i:-1,__u:0};return!r&&O.vnode&&O.vnode(s),s}function et(e){return e.children}function ve(e,t){this.props=e,this.context=t,this.__g=0}function ie(e,t){if(t==null)return e.__&&ie(e.__,e.__i+1);for(var n;t<e.__k.length;t++)if((n=e.__k[t])&&n.__e)return n.__e;return typeof e.type!="function"||e.props.__P?null:ie(e)}function Go(e){var t,n=e.__v,o=n.__e,r=[],s=[],a=e.__P;a&&((t=$e({constructor:Ne},n)).__v=n.__v+1,O.vnode&&O.vnode(t),xt(a,t,n,e.__n,a.namespaceURI,32&n.__u?[o]:null,r,o||ie(n),32&n.__u,s),t.__v=n.__v,t.__.__k[t.__i]=t,kn(r,t,s),n.__=n.__e=null,t.__e!=o&&mn(t))}function mn(e){if((e=e.__)&&e.__c&&!e.props.__P)return e.__e=null,e.__k.some(function(t){return t&&(e.__e=t.__e)}),mn(e)}function cn(e){(8&e.__g||(e.__g|=8,ae.push(e),Ye++))&&bt==O.debounceRendering||((bt=O.debounceRendering)||queueMicrotask)(_n)}function _n(){try{for(var e,t=1;ae.length;)ae.length>t&&ae.sort(fn),e=ae.shift(),t=ae.length,8&e.__g&&Go(e)}finally{(Ye=ae.length)&&(bt||queueMicrotask)(_n)}}function gn(e,t,n,o,r,s,a,i,f,_,l){var $,m,p,h,b,g,v=o.__k||Qe,k=t.length;for(f=Jo(n,t,v,f,k),$=0;$<k;$++)(p=n.__k[$])!=null&&(m=~p.__i&&v[p.__i]||Ze,p.__i=$,g=xt(e,p,m,r,s,a,i,f,_,l),h=p.__e,(m.ref!=p.ref||8&m.__u)&&(m.ref&&Mt(m.ref,null,p,m),p.ref&&l.push(p.ref,p.__c||h,p)),b=b||h,4&p.__u?(f=$n(p,f,e,!m.__v),m.__e&&(m.__e=null)):typeof p.type=="function"&&g!==void 0?f=g:h&&(f=h.nextSibling),p.__u&=-21);return n.__e=b,f}function Jo(e,t,n,o,r){var s,a,i,f,_,l,$,m,p,h=n.length,b=h,g=0,v=0,k=e.__k=Array(r);for(s=0;s<r;s++)(a=t[s])!=null&&typeof a!="boolean"&&typeof a!="function"?(typeof a!="object"||a.constructor===String?a=k[s]=je(null,a):wt(a)?a=k[s]=je(et,{children:a}):a.constructor===Ne&&a.__b?a=k[s]=je(a.type,a.props,a.key,a.ref,a.__v):k[s]=a,f=s+g,a.__=e,a.__b=e.__b+1,i=null,~(_=a.__i=Yo(a,n,f,b))&&(b--,(i=n[_])&&(i.__u|=2)),i&&i.__v?(a.__u|=16,_==f-1?g--:_==f+1?g++:_!=f&&(_>f?g--:g++,v=1)):(~_||(r>h?g--:r<h&&g++),typeof a.type!="function"&&(a.__u|=4))):k[s]=null;if(v){for(l=[],$=[],s=0;s<r;s++)if((a=k[s])&&16&a.__u){for(g=0,m=l.length;g<m;)l[p=g+m>>1]<a.__i?g=p+1:m=p;l[g]=a.__i,$[s]=g+1}for(g=l.length;s--;)$[s]&&($[s]==g?g--:k[s].__u|=4)}if(b)for(s=0;s<h;s++)!(i=n[s])||2&i.__u||(i.__e==o&&(o=ie(i)),St(i,i));return o}function $n(e,t,n,o){var r,s,a,i;if(typeof e.type=="function"){if(e.props.__P)return t;if(r=e.__k)for(s=0;s<r.length;s++)r[s]&&(r[s].__=e,t=$n(r[s],t,n,!1));return t}for(t&&!t.parentNode&&(t=ie(e))&&!t.parentNode&&(t=null),a=e.__e,i=t;i&&i.nodeType==8;)i=i.nextSibling;for(a!=i&&(!o&&n.moveBefore&&a.parentNode?n.moveBefore(a,t):n.insertBefore(a,t||null)),t=a;(t=t&&t.nextSibling)&&t.nodeType==8&&!t.data.startsWith("$s"););return t}function Yo(e,t,n,o){var r,s=e.key,a=e.type,i=t[n],f=i&&!(2&i.__u);if(i===null&&s==null||f&&s==i.key&&a==i.type)return n;if(o>(f?1:0)){for(r=n-1;r>=0;r--)if((i=t[r])&&!(2&i.__u)&&s==i.key&&a==i.type)return r;for(r=n+1;r<t.length;r++)if((i=t[r])&&!(2&i.__u)&&s==i.key&&a==i.type)return r}return-1}function un(e,t,n){n==null&&(n=""),t[0]=="-"?e.setProperty(t,n):e[t]=n}function Ve(e,t,n,o,r){var s,a;if(t=="style")if(typeof n=="string")e.style.cssText=n;else{if(typeof o=="string"&&(e.style.cssText=o=""),o)for(t in o)n&&t in n||un(e.style,t);if(n)for(t in n)o&&n[t]==o[t]||un(e.style,t,n[t])}else if(t[0]=="o"&&t[1]=="n")typeof n!="function"&&(n=null),typeof o!="function"&&(o=null),(e.__e||(e.__e={}))[t]=n,n&&o||(a=kt[t]||(kt[t]=Zo(t)),(e.__a||(e.__a={}))[t]=yt,s=t!=(t=t.replace(dn,"$1")),(t=t.slice(2))[0]<"a"&&(t=t.toLowerCase()),n?e.addEventListener(t,a,s):e.removeEventListener(t,a,s));else{if(r=="http://www.w3.org/2000/svg")t=t.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(t!="width"&&t!="height"&&t!="href"&&t!="list"&&t!="form"&&t!="tabIndex"&&t!="download"&&t!="rowSpan"&&t!="colSpan"&&t!="role"&&t!="popover"&&t in e)try{return void(e[t]=n??"")}catch{}if(typeof n=="function")return;n==null||n===!1&&t[4]!="-"?e.removeAttribute(t):e.setAttribute(t,t=="popover"&&n==1?"":n)}}function Zo(e){return function(t){var n=this.__e;if(n){if(n=n[e],t[Ge]==null)t[Ge]=yt++;else if(t[Ge]<this.__a[e])return;return n(O.event?O.event(t):t)}}}function xt(e,t,n,o,r,s,a,i,f,_){var l,$,m,p,h,b,g,v,k,C,T,M,j,R,W,x,P,J,X=t.type;if(t.constructor!==Ne)return null;128&n.__u&&(f=32&n.__u,l=n.__c.__z)&&(t.__u|=f,$=s=[],l.nodeType==8?i=Je(l,s):s.push(l),i=s[0]||i),(l=O.__b)&&l(t);e:if(typeof X=="function"){m=a.length;try{if(v=t.props,k=(l=X.prototype)&&l.render,C=(l=X.contextType)&&o[l.__c],T=l?C?C.props.value:l.__:o,(p=n.__c)?(t.__c=p,2&p.__g&&(p.__g|=1)):(k?t.__c=p=new X(v,T):(t.__c=p=new ve(v,T),p.constructor=X,p.render=es),C&&C.sub(p),p.state||(p.state={}),p.__n=o,p.__g|=8,p.__h=[],p.__k=[]),k&&(p.__s||(p.__s=p.state),X.getDerivedStateFromProps&&(p.__s==p.state&&(p.__s=$e({},p.__s)),$e(p.__s,X.getDerivedStateFromProps(v,p.__s)))),h=p.props,b=p.state,p.__v=t,n.__c){if(v!==h&&k&&!X.getDerivedStateFromProps&&p.componentWillReceiveProps&&p.componentWillReceiveProps(v,T),t.__v==n.__v&&!(8&p.__g)||!(4&p.__g)&&p.shouldComponentUpdate&&p.shouldComponentUpdate(v,p.__s,T)===!1){t.__v!=n.__v&&(p.props=v,p.state=p.__s,p.__g&=-9),t.__e=n.__e,t.__k=n.__k,t.__k.some(function(Y){Y&&(Y.__=t)}),Qe.push.apply(p.__h,p.__k),p.__k=[],p.__h.length&&a.push(p),i=ie(n);break e}p.componentWillUpdate&&p.componentWillUpdate(v,p.__s,T),k&&p.componentDidUpdate&&p.__h.push(function(){p.componentDidUpdate(h,b,g)})}else k&&!X.getDerivedStateFromProps&&p.componentWillMount&&p.componentWillMount(),k&&p.componentDidMount&&p.__h.push(p.componentDidMount);p.context=T,p.props=v,p.__P=e,p.__g&=-5,M=O.__r,j=k?25:0;do p.__g&=-9,M&&M(t),l=p.render(p.props,p.state=p.__s,p.context);while(8&p.__g&&++j<25);k&&(Qe.push.apply(p.__h,p.__k),p.__k=[]),p.state=p.__s,p.getChildContext&&(o=$e({},o,p.getChildContext())),k&&n.__c&&p.getSnapshotBeforeUpdate&&(g=p.getSnapshotBeforeUpdate(h,b)),R=l&&l.type===et&&l.key==null?l.props.children:l,v.__P&&(l=i,r=(e=v.__P).namespaceURI,f=s=null,n.props&&n.props.__P!=e&&(n.__k.some(function(Y){Y&&St(Y,Y)}),n.__k=null),i=n.__k?ie(n,0):null),i=gn(e,wt(R)?R:[R],t,n,o,r,s,a,i,f,_),v.__P&&(t.__e=null,i=l),t.__u&=-161,$&&$.some(ge),p.__h.length&&a.push(p),1&p.__g&&(p.__g&=-4)}catch(Y){if(a.length=m,t.__v=null,f||s)if(Y&&Y.then){if(t.__u|=128|f,s){for(~(P=s.indexOf(i||void 0))||(P=s.length);(J=s[P-1])&&J.nodeType==8;)P--;for(;P<s.length;P++)if(J=s[P])if(s[P]=null,W){if(J==x)break}else{if(J.nodeType!=8)break;J.data.startsWith("$s")&&(x=Je(W=J))}}if(!W){for(;i&&i.nodeType==8&&i.nextSibling;)i=i.nextSibling;W=i}(l=Je(W=t.__c.__z||(t.__c.__z=W)))?(t.__e=W,i=l):t.__e=i,i=i&&i.nextSibling}else s&&s.some(ge);else t.__e=n.__e;t.__k||(t.__k=n.__k||[]),Y&&Y.then||bn(t),O.__e(Y,t,n)}}else i=t.__e=Qo(n.__e,t,n,o,r,s,a,f,_,e);return(l=O.diffed)&&l(t),i}function Je(e,t){if(e&&e.nodeType==8&&e.data.startsWith("$s"))for(var n=1;e=e.nextSibling;){if(e.nodeType==8){if(e.data.startsWith("$s"))n++;else if(e.data.startsWith("/$s")&&!--n)return e}t&&t.push(e)}}function bn(e){e&&(e.__c&&(e.__c.__g|=4),e.__k&&e.__k.some(bn))}function kn(e,t,n){for(var o=0;o<n.length;)Mt(n[o++],n[o++],n[o++]);O.__c&&O.__c(t,e),e.some(function(r){try{e=r.__h,r.__h=[],e.some(function(s){s.call(r)})}catch(s){O.__e(s,r.__v)}})}function Qo(e,t,n,o,r,s,a,i,f,_){var l,$,m,p,h,b,g,v,k=n.props||Ze,C=t.props,T=t.type;if(T=="svg"?r="http://www.w3.org/2000/svg":T=="math"?r="http://www.w3.org/1998/Math/MathML":r||(r="http://www.w3.org/1999/xhtml"),s){for(l=0;l<s.length;l++)if((h=s[l])&&(T?h.localName==T:h.nodeType==3)){e=h,s[l]=null;break}}if(!e){if(v=_.ownerDocument||document,!T)return v.createTextNode(C);e=v.createElementNS(r,T,C.is?C:_),i&&(O.__m&&O.__m(t,s),i=!1),s=null}if(T){if(_=T=="template"&&e.content||e,s=T=="textarea"&&C.defaultValue!=null?null:s&&vt.call(_.childNodes),!i&&s)for(k={},l=0;l<e.attributes.length;l++)k[(h=e.attributes[l]).name]=h.value;for(l in k)h=k[l],l=="dangerouslySetInnerHTML"?m=h:l=="children"||l in C||l=="value"&&"defaultValue"in C||l=="checked"&&"defaultChecked"in C||Ve(e,l,null,h,r);for(l in C)h=C[l],l=="children"?p=h:l=="dangerouslySetInnerHTML"?$=h:l=="value"?b=h:l=="checked"?g=h:i&&typeof h!="function"||k[l]===h||Ve(e,l,h,k[l],r);$?(i||m&&($.__html==m.__html||$.__html==e.innerHTML)||(e.innerHTML=$.__html),t.__k=[]):(m&&(e.textContent=""),(T=="foreignObject"||r=="http://www.w3.org/1998/Math/MathML"&&Vo.test(T))&&(r="http://www.w3.org/1999/xhtml"),gn(_,wt(p)?p:[p],t,n,o,r,s,a,s?s[0]:n.__k&&ie(n,0),i,f),s&&s.some(ge)),i&&T!="textarea"||(l="value",T=="progress"&&b==null?e.removeAttribute(l):b==null||b===e[l]&&(T!="progress"||b)||Ve(e,l,b,k[l],r),l="checked",g!=null&&g!=e[l]&&Ve(e,l,g,k[l],r))}else k===C||i&&e.data==C||(e.data=C);return e}function Mt(e,t,n,o){try{typeof e=="function"?t?t.__x=e(t)||1:o&&(o=o.__c||o.__e)&&(t=o.__x)&&(o.__x=null,typeof t=="function"?t():e(null)):e.current=t}catch(r){O.__e(r,n)}}function St(e,t,n){var o,r,s,a;if(O.unmount&&O.unmount(e),!(o=e.ref)||o.current&&o.current!=e.__e||Mt(o,null,t,e),o=e.__c){if(o.componentWillUnmount)try{o.componentWillUnmount()}catch(i){O.__e(i,t)}o.__P=o.__n=null}if(o=e.__k)for(a=0;a<o.length;a++)o[a]&&St(o[a],t,typeof e.type!="function"||n&&!e.props.__P);!n&&(o=e.__c)&&(o=o.__z)&&(r=Je(o,s=[]))&&(o==e.__e&&s.some(ge),ge(r),ge(o)),n||ge(e.__e),e.__e=e.__c=e.__=null}function es(e,t,n){return this.constructor(e,n)}function Ct(e,t){var n,o,r,s;O.__&&O.__(e,t),t.nodeType==9&&(t=t.documentElement),o=(n=e&&32&e.__u)?null:t.__k,t.__k=je(et,{children:[e]}),r=[],s=[],xt(t,t.__k,o||Ze,Ze,t.namespaceURI,o?null:t.firstChild?vt.call(t.childNodes):null,r,o?o.__e:t.firstChild,n,s),kn(r,t.__k,s),t.__k.props.children=null}O={__e:function(e,t,n,o){for(var r,s,a;t=t.__;)if((r=t.__c)&&!(1&r.__g)){r.__g|=4;try{if((a=(s=r.constructor)&&s.getDerivedStateFromError)&&r.setState(s.getDerivedStateFromError(e)),r.componentDidCatch&&(r.componentDidCatch(e,o||{}),a=1),a&&8&r.__g)return void(r.__g|=2)}catch(i){e=i}}throw Ye=0,e}},pn=0,Ko=function(e){return e!=null&&e.constructor===Ne},ve.prototype.setState=function(e,t){var n=this.__s;n&&n!=this.state||(n=this.__s=$e({},this.state)),typeof e=="function"&&(e=e($e({},n),this.props)),e&&($e(n,e),this.__v&&(t&&this.__k.push(t),cn(this)))},ve.prototype.forceUpdate=function(e){this.__v&&(this.__g|=4,e&&this.__h.push(e),cn(this))},ve.prototype.render=et,ae=[],Ye=0,fn=function(e,t){return e.__v.__b-t.__v.__b},Ge=Symbol(),dn=/(PointerCapture)$|Capture$/i,yt=0,kt={},Xo=0;var xe,U,Tt,yn,Et=Object.is,tt=0,On=[],Ot=[],A=O,wn=A.__b,vn=A.__r,xn=A.diffed,Mn=A.__c,Sn=A.unmount,Cn=A.__;function nt(e,t){A.__h&&A.__h(U,e,tt||t),tt=0;var n=U.__H||(U.__H={__:[],__h:[]});return e>=n.__.length&&n.__.push({}),n.__[e]}function q(e){return tt=1,Me(Pn,e)}function Me(e,t,n){var o=nt(xe++,2);if(o.t=e,!o.__c&&(o.__=[n?n(t):Pn(void 0,t),function(s){var a=(o.__N||o.__)[0],i=o.t(a,s);Et(a,i)||(o.__N=[i,o.__[1]],o.__c.setState({}))}],o.__c=U,!U.__f)){U.__f=!0;var r=U.shouldComponentUpdate;U.shouldComponentUpdate=function(s,a,i){var f=this.__H;if(!f)return!0;var _=!1,l=this.props!=s;if(f.__.some(function(m){m.__N&&(_=!0,Et(m.__[0],m.__N[0])||(l=!0))}),r){var $=r.call(this,s,a,i);return _?$||l:$}return!_||l}}return o.__}function D(e,t){var n=nt(xe++,3);!A.__s&&jt(n.__H,t)&&(n.__P=!0,n.__=e,n.u=t,U.__H.__h.push(n))}function te(e,t){var n=nt(xe++,4);!A.__s&&jt(n.__H,t)&&(n.__P=!1,n.__=e,n.u=t,U.__h.push(n))}function I(e){return tt=5,ot(function(){return{current:e}},[])}function ot(e,t){var n=nt(xe++,7);return jt(n.__H,t)&&(n.__=e(),n.__H=t),n.__}function ts(){var e;do{for(;e=Ot.shift();)try{Ae(e)}catch(n){A.__e(n,{__:(e=e.__P)&&e.__v})}for(;e=On.shift();){var t=e.__H;if(e.__P&&t)try{t.__h.some(Ae),t.__h.some(Pt),t.__h=[]}catch(n){t.__h=[],A.__e(n,e.__v)}}}while(Ot.length)}A.__b=function(e){U=null,wn&&wn(e)},A.__=function(e,t){e&&t.__k&&t.__k.__m&&(e.__m=t.__k.__m),Cn&&Cn(e,t)},A.__r=function(e){vn&&vn(e),xe=0;var t=(U=e.__c).__H;t&&(Tt==U?U.__h=[]:(t.__h.some(Ae),t.__h.some(Pt),xe=0),t.__h=[],t.__.some(function(n){n.__N&&(n.__=n.__N),n.u=n.__N=void 0})),Tt=U},A.diffed=function(e){xn&&xn(e);var t=e.__c;t&&t.__H&&(t.__H.__h.length&&En(On.push(t)),t.__H.__.some(function(n){n.u&&(n.__H=n.u)})),Tt=U=null},A.__c=function(e,t){t.some(function(n){try{n.__h.some(Ae),n.__h=n.__h.filter(function(o){return!o.__||Pt(o)})}catch(o){n.__h=[function(){throw o}]}}),Mn&&Mn(e,t)},A.unmount=function(e){Sn&&Sn(e);var t,n,o=e.__c;o&&o.__H&&(o.__H.__.some(function(r){try{if(r.__P&&r.__c){if(n===void 0){for(n=e.__;n&&(!n.__c||!n.__c.__P);)n=n.__;n=n&&n.__c}r.__P=n,En(Ot.push(r))}else Ae(r)}catch(s){t=s}}),o.__H=void 0,t&&A.__e(t,o.__v))};var Tn=typeof requestAnimationFrame=="function";function ns(e){var t,n=function(){clearTimeout(o),Tn&&cancelAnimationFrame(t),setTimeout(e)},o=setTimeout(n,35);Tn&&(t=requestAnimationFrame(n))}function En(e){e!=1&&yn==A.requestAnimationFrame||((yn=A.requestAnimationFrame)||ns)(ts)}function Ae(e){var t=U,n=e.__c;typeof n=="function"&&(e.__c=void 0,n()),U=t}function Pt(e){var t=U;e.__c=e.__(),U=t}function jt(e,t){return!e||e.length!=t.length||t.some(function(n,o){return!Et(n,e[o])})}function Pn(e,t){return typeof t=="function"?t(e):t}var u=ln.bind(hn);function jn(e){return class extends ve{shouldComponentUpdate(t){let n=this.props;for(let o in t)if(t[o]!==n[o])return!0;return!1}render(t){return e(t)}}}var H=(e,t=!1)=>n=>u`<svg
      class=${t?"icon fill":"icon"}
      viewBox="0 0 16 16"
      width="16"
      height="16"
      aria-hidden="true"
      focusable="false"
      ...${n}
    >
      <path d=${e} />
    </svg>`,st=H("M3 8.5 6.5 12 13 4.5"),le=H("M4 4l8 8M12 4l-8 8"),rt=H("M8 1.8l1.9 3.9 4.3.6-3.1 3 .7 4.3L8 11.6l-3.8 2 .7-4.3-3.1-3 4.3-.6z",!0),Nn=H("M3 5.5h8v7H3zM5.5 5.5v-2.5h7.5v7h-2"),An=H("M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.7 8 9.2 8 10M8 12.5v.5"),qn=H("M10 3 5 8l5 5"),Ln=H("M6 3l5 5-5 5"),Un=H("M3 10l5-5 5 5"),Dn=H("M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3 14 14M7 5v4M5 7h4"),In=H("M6 3 3 6l3 3M3 6h6.5a3.5 3.5 0 0 1 0 7H6"),zn=H("M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z"),Bn=H("M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1"),Rn=H("M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3"),Wn=H("M2 4h12M4.5 8h7M6.5 12h3");var Hn=["id","name","folder","score","familiarity","opinion","low","high","taken","width","height","burst","error"];var qe=class{constructor(){this.n=0,this.version=0,this.rows=new Map,this.scored=0,this.unlike=0,this.broken=0,this.taste=[],this.bursts=new Map;for(let t of Hn)this[t]=[]}append(t){let n=[];for(let o=0;o<t.id.length;o++){if(this.rows.has(t.id[o]))continue;n.push(o),this.rows.set(t.id[o],this.n);for(let s of Hn)this[s].push(t[s]?.[o]??null);this.error[this.n]||this.score[this.n]===null?this.broken+=1:this.scored+=1;let r=this.familiarity[this.n];r!==null&&r<.05&&(this.unlike+=1),this.n+=1}return n.length&&(this.version+=1),n}group(t){for(let o=0;o<this.n;o++)this.burst[o]=t[this.id[o]];let n=new Map;for(let o=0;o<this.n;o++){let r=this.burst[o];r!=null&&(n.has(r)?n.get(r).push(o):n.set(r,[o]))}this.bursts=new Map([...n].filter(([,o])=>o.length>1));for(let o of this.bursts.values())o.sort((r,s)=>(this.score[s]??-1)-(this.score[r]??-1)||r-s);this.version+=1}burstOf(t){return this.bursts.get(this.burst[t])??[]}file(t){let n=this.name[t]??"";return n.slice(n.lastIndexOf("/")+1)}};var it={best:"score, best first",worst:"score, worst first",name:"name",time:"time taken",strange:"least familiar first",taste:"your taste, best first"},lt={all:"All",pick:"Picks",reject:"Rejects",none:"Undecided",stars:"With stars",burst:"Bursts",unlike:"Unlike the anchors",broken:"Not scored"};function at(e,t,n){let o=new Float64Array(e);for(let s=0;s<e;s++){let a=t[s];o[s]=a==null?1/0:n*a}let r=new Uint32Array(e);for(let s=0;s<e;s++)r[s]=s;return r.sort((s,a)=>o[s]<o[a]?-1:o[s]>o[a]?1:s-a)}var os=e=>e.toLowerCase().replace(/\d+/g,t=>t.padStart(12,"0"));function Nt(e,t){let n=e.n;if(t==="name"){let o=e.name.map(os),r=Uint32Array.from({length:n},(a,i)=>i),s=(a,i)=>o[a]<o[i]?-1:o[a]>o[i]?1:a-i;return r.sort((a,i)=>e.folder[a]-e.folder[i]||s(a,i))}return t==="time"?at(n,e.taken,1):t==="taste"?at(n,e.taste,-1):t==="strange"?at(n,e.familiarity,1):at(n,e.score,t==="worst"?1:-1)}function ss(e,t,n){let o=r=>t.of(e.id[r]);return{all:()=>!0,pick:r=>o(r).mark==="pick",reject:r=>o(r).mark==="reject",none:r=>o(r).mark===""&&!Z(e,r),stars:r=>o(r).stars>0,burst:r=>e.burstOf(r).length>1,unlike:r=>e.familiarity[r]!==null&&e.familiarity[r]<.05,broken:r=>Z(e,r)}[n]}var Z=(e,t)=>!!e.error[t]||e.score[t]===null;function Fn(e,t,n,{show:o,low:r,high:s,query:a,fold:i,open:f}){let _=ss(t,n,o),l=a.trim().toLowerCase(),$=[],m=i&&t.bursts.size>0,p=new Map,h=b=>{let g=t.score[b];return r!==null&&!(g!==null&&g>=r)||s!==null&&!(g!==null&&g<=s)||l&&!(t.name[b]??"").toLowerCase().includes(l)?!1:_(b)};for(let b of e)if(h(b)){if(m){let g=t.burstOf(b);if(g.length>1){let v=t.burst[b];p.has(v)||p.set(v,g.find(h));let k=p.get(v);if(f.has(v)){b===k&&$.push(...g.filter(h));continue}if(b!==k)continue}}$.push(b)}return Uint32Array.from($)}function Kn(e,t,n,o,r){let s=new Set,a=new Set;for(let i of e){if(s.size>=o)break;if(!(Z(t,i)||n.of(t.id[i]).mark==="reject")){if(r&&t.burstOf(i).length>1){if(a.has(t.burst[i]))continue;a.add(t.burst[i])}s.add(i)}}return s}function Xn(e,t){let n=1/0,o=-1/0;for(let a=0;a<e.n;a++){let i=e.score[a];i!==null&&(i<n&&(n=i),i>o&&(o=i))}let r=new Uint32Array(t);if(n>o)return{low:0,high:1,counts:r};let s=(o-n)/t||1;for(let a=0;a<e.n;a++){let i=e.score[a];i!==null&&(r[Math.min(t-1,Math.floor((i-n)/s))]+=1)}return{low:n,high:o,counts:r}}var Ue="";function Vn(e){Ue=e?`run=${encodeURIComponent(e)}`:""}var rs=12,ce=new Map;function Se(e,t=1600){let n=Gn(e,t),o=ce.get(n);if(o&&!o.failed)return ce.delete(n),ce.set(n,o),o;o=new Image,o.decoding="async",o.alt="",o.draggable=!1,o.src=n,o.ready=o.decode().then(()=>o.done=!0,()=>o.failed=!0),ce.set(n,o);for(let[r,s]of ce){if(ce.size<=rs)break;s.isConnected||ce.delete(r)}return o}var Gn=(e,t)=>`/photo/${e}?side=${t}${Ue&&`&${Ue}`}`,Jn=(e,t=1600)=>!!ce.get(Gn(e,t))?.done,De=e=>`/thumb/${e}${Ue&&`?${Ue}`}`;var be=class extends Error{constructor(t,{gone:n=!1,status:o=0}={}){super(t),this.gone=n,this.status=o}},Yn="The server has stopped: run the command again.",as="This page is not known to the server any more: open the address that the command printed.",Zn="";function At(e){Zn=e??""}async function qt(e,t){let n;try{n=await fetch(e,{credentials:"same-origin",cache:"no-store",...t})}catch(s){throw s.name==="AbortError"?s:new be(Yn,{gone:!0})}let o=null;try{o=await n.json()}catch(s){if(s.name==="AbortError")throw s;if(n.ok)throw new be(Yn,{gone:!0})}if(n.ok)return o;let r=n.status;throw r===401||r===403?new be(as,{gone:!0,status:r}):r===409?new be("The command was started again: this page loads anew.",{gone:!0,status:r}):new be(o?.error??`The server answered ${r}.`,{status:r})}var V=(e,t)=>qt(e,{signal:t}),ue=(e,t)=>qt(e,{method:"POST",headers:{"Content-Type":"application/json","X-Run":Zn},body:JSON.stringify(t)}),Qn=(e,t)=>qt(e,{method:"POST",headers:{"Content-Type":t.type||"application/octet-stream","X-Name":encodeURIComponent(t.name??"")},body:t}),Ce=e=>new Promise(t=>setTimeout(t,e));var is=Object.freeze({mark:"",stars:0}),ct=class{constructor(t){this.on=t,this.states=new Map,this.queue=[],this.busy=!1,this.version=0,this.counts={pick:0,reject:0,stars:0},this.unkept=new Set}of(t){return this.states.get(t)??is}isKept(t){return!this.unkept.has(t)}async load(){this._take((await V("/api/marks")).marks,!0)}arrive(t,n){let o=!1;for(let r of n){let s=t.id[r];!t.mark?.[r]&&!t.stars?.[r]||this.unkept.has(s)||(this.states.set(s,{mark:t.mark[r],stars:t.stars[r]}),o=!0)}o&&this._changed()}waitingFor(t){return this.queue.filter(n=>n.before).map(({ids:n,body:o})=>({names:n.map(t),body:o}))}async resend(t,n){for(let{names:o,body:r}of t){let s=o.map(a=>n.get(a)).filter(a=>a!==void 0);s.length&&await ue("/api/marks",{...r,ids:s})}}set(t,n){let o=t.map(r=>[r,this.of(r)]);for(let r of t)this.states.set(r,{...this.of(r),...n});this.queue.push({path:"/api/marks",body:{ids:t,...n},ids:t,before:o}),this._changed(),this._pump()}undo(){let t=this.queue.at(-1);if(t?.before&&!(this.busy&&this.queue.length===1&&!this.waiting)){this.queue.pop();for(let[n,o]of t.before)this.states.set(n,o);this._changed(),this.on.undone(t.ids);return}this.queue.push({path:"/api/undo",body:{},ids:[],before:null}),this._pump()}async _pump(){if(!this.busy){for(this.busy=!0;this.queue.length;){let t=this.queue[0];try{let{marks:n}=await ue(t.path,t.body);this._done(t);let o=new Set(this.queue.flatMap(r=>r.ids));this._take(Object.fromEntries(Object.entries(n??{}).filter(([r])=>!o.has(Number(r)))),!1),t.path==="/api/undo"&&this.on.undone(Object.keys(n??{}).map(Number))}catch(n){if(this.on.failed(n),n.gone){for(this.waiting=!0;!this.on.isBack();)await Ce(300);this.waiting=!1;continue}this._done(t);try{await this.load()}catch{}}}this.busy=!1,this._changed()}}_done(t){let n=this.queue.indexOf(t);n>=0&&this.queue.splice(n,1)}_take(t,n){n&&(this.states=new Map);for(let[o,{mark:r,stars:s}]of Object.entries(t??{}))this.states.set(Number(o),{mark:r??"",stars:s??0});if(n)for(let o of this.queue)this._again(o);this._changed()}_again({ids:t,body:n}){let{mark:o,stars:r}=n;for(let s of t)this.states.set(s,{mark:o??this.of(s).mark,stars:r??this.of(s).stars})}_changed(){let t={pick:0,reject:0,stars:0};for(let{mark:n,stars:o}of this.states.values())n&&(t[n]+=1),o&&(t.stars+=1);this.counts=t,this.unkept=new Set(this.queue.flatMap(n=>n.ids)),this.version+=1,this.on.changed()}};var E=e=>e==null?"–":e.toFixed(2),F=e=>e==null?"–":e.toFixed(4),Te=e=>e==null?"–":e.toFixed(1),ls=new Intl.NumberFormat("en"),N=e=>ls.format(e),L=(e,t)=>`${N(e)} ${t}${e===1?"":"s"}`;function eo(e){let t={one:"st",two:"nd",few:"rd",other:"th"}[cs.select(e)];return`${N(e)}${t}`}var cs=new Intl.PluralRules("en",{type:"ordinal"});function to(e){return e>=1?e<60?`${Math.round(e)} s`:e<3600?`${Math.floor(e/60)} min ${Math.round(e%60)} s`:`${Math.floor(e/3600)} h ${Math.round(e%3600/60)} min`:"a moment"}function no(e){return e==null?"":e<.05?"Unlike all anchors: the score says little, judge yourself.":e<.25?"Not much like the anchors: take the score with care.":"Like the anchors: the score stands on known ground."}var us=new Intl.DateTimeFormat("en",{dateStyle:"medium",timeStyle:"short",timeZone:"UTC"}),oo=e=>e==null?"":us.format(new Date(e*1e3)),ke=e=>e?L(e,"star"):"no stars";var pe=32,ps=500;function ye(e,t){try{return JSON.parse(localStorage.getItem(`explorer.${e}`))??t}catch{return t}}function K(e,t){c[e]=t;try{localStorage.setItem(`explorer.${e}`,JSON.stringify(t))}catch{}w()}var d=new qe,c={server:null,order:"best",show:"all",low:null,high:null,query:"",open:new Set,current:-1,moved:!1,keep:0,large:!1,zoomed:!1,dialog:"",filters:!1,details:!1,problem:"",gone:!1,said:"",view:{name:"cull",id:null},fold:ye("fold",!0),single:ye("single",!0),advance:ye("advance",!1),size:ye("size",innerWidth>=1900?230:190),theme:ye("theme","auto"),letters:ye("letters",!0),tasteKind:ye("tasteKind","stars")},zt=new Set,Lt=!1;function w(e){e&&Object.assign(c,e),!Lt&&(Lt=!0,queueMicrotask(()=>{Lt=!1,bs();for(let t of zt)t()}))}function so(e){return zt.add(e),()=>zt.delete(e)}function z(e){w({said:e===c.said?`${e} `:e})}function ne(e){e.name!=="AbortError"&&(w({problem:e.message,gone:e.gone||c.gone}),e.gone&&ws())}var S=new ct({changed:()=>w(),failed:ne,isBack:()=>!c.gone,undone(e){if(!e.length)return z("Nothing to undo.");let t=d.rows.get(e[0]);t!==void 0&&B().where.has(t)&&oe(t),z(e.length===1&&t!==void 0?`Undone: ${d.file(t)} ${Bt(t)}`:`Undone for ${L(e.length,"photograph")}.`)}});function we(e){let t=null,n;return(...o)=>((!t||o.some((r,s)=>r!==t[s]))&&(t=o,n=e(...o)),n)}var fs=we((e,t)=>Nt(d,t)),ro=we(()=>Nt(d,"best")),ds=we(e=>{let t=new Uint32Array(d.n);return ro(e).forEach((n,o)=>t[n]=o+1),t}),hs=we(e=>{let t=new Map;return e.forEach((n,o)=>t.set(n,o)),t}),ms=we((e,t,n,o,r,s,a,i)=>Fn(e,d,S,{show:n,low:o,high:r,query:s,fold:a,open:i})),pt=()=>_s(d.version),_s=we(()=>Xn(d,pe)),gs=we((e,t,n,o)=>Kn(ro(e),d,S,n,o)),$s=new Set(["pick","reject","none","stars"]);function B(){let e=fs(d.version,c.order),t=$s.has(c.show)?S.version:-1,n=ms(e,t,c.show,c.low,c.high,c.query,c.fold,c.open),o=c.keep?gs(d.version,S.version,c.keep,c.single):new Set;return{rows:n,where:hs(n),proposed:o}}var ao=e=>ds(d.version)[e];function Ie(){let{pick:e,reject:t,stars:n}=S.counts,o=0;for(let r of d.bursts.values())o+=r.length;return{all:d.n,pick:e,reject:t,none:Math.max(0,d.scored-e-t),stars:n,burst:o,unlike:d.unlike,broken:d.broken}}function Bt(e){let{mark:t,stars:n}=S.of(d.id[e]),o=[Z(d,e)?"not scored":`score ${E(d.score[e])}`];o.push({pick:"pick",reject:"reject","":"undecided"}[t]),n&&o.push(ke(n));let r=d.burstOf(e).length;return r&&o.push(`one of a burst of ${r}`),o.join(", ")}function oe(e){w({current:e,moved:!0}),c.view.name==="one"&&(c.view={name:"one",id:d.id[e]},location.hash=`#one/${d.id[e]}`)}function fe(e){let{rows:t,where:n}=B();if(!t.length)return;let o=n.get(c.current)??ut;oe(t[Math.max(0,Math.min(t.length-1,o+e))])}var ut=0;function bs(){if(!d.n)return;let{rows:e,where:t}=B();if(!c.moved&&e.length&&(c.current=e[0]),e.length&&!t.has(c.current)&&c.view.name==="cull"){let n=c.current<0?void 0:d.burstOf(c.current).find(o=>t.has(o));c.current=n??e[Math.min(e.length-1,ut)]}ut=t.get(c.current)??ut}function ze(e,{next:t=c.advance}={}){let n=c.current;if(n<0)return;let o=d.id[n],r=S.of(o).mark===e?"":e,{rows:s,where:a}=B(),i=s[a.get(n)+1];c.moved=!0,S.set([o],{mark:r}),z(`${{pick:"Picked",reject:"Rejected","":"Mark removed from"}[r]} ${d.file(n)}`),t&&r&&i!==void 0&&oe(i)}function Be(e){let t=c.current;t<0||(S.set([d.id[t]],{stars:e}),z(`${d.file(t)}: ${ke(e)}`))}function io(){let e=[...B().proposed].map(t=>d.id[t]).filter(t=>S.of(t).mark!=="pick");e.length&&S.set(e,{mark:"pick"}),z(`Picked ${L(e.length,"photograph")}. U takes it back.`),w({keep:0})}function Q(e){w(e);let{rows:t}=B();z(`${L(t.length,"photograph")} shown, ${e.order?it[e.order]:lt[c.show]}.`)}function lo(){let e=c.current;if(e<0||d.burstOf(e).length<2)return z("This photograph is in no burst.");if(!c.fold)return z("Bursts are not folded.");let t=new Set(c.open),n=d.burst[e],o=!t.delete(n);o&&t.add(n),w({open:t}),z(o?`Burst of ${d.burstOf(e).length} unfolded.`:"Burst folded.")}var co=()=>c.show!=="all"||c.low!==null||c.high!==null||c.query!=="";async function ks(){let e=[],t=0;for(let n=d.n;;){let o=await V(`/api/photos?from=${n}`);n+=o.id.length,e.push(o);let r=o.done||!o.id.length;if(r||performance.now()-t>ps){for(let s of e)S.arrive(s,d.append(s));e=[],w(),t=performance.now()}if(r)return}}var Ut=!1;async function uo(){if(!Ut){Ut=!0;try{for(;;){let e=await V("/api/state"),t=c.gone;if(c.server&&e.run!==c.server.run)return await ys(e);if(Vn(e.run),At(e.run),w({server:e,gone:!1,problem:t?"":c.problem}),document.title=e.title?`${e.title} · quasar-index`:"quasar-index",await ks(),e.done&&e.bursts){d.group((await V("/api/bursts")).burst),w();break}await Ce(700)}}catch(e){ne(e)}finally{Ut=!1}}}async function ys(e){let t=S.waitingFor(n=>Dt(d,d.rows.get(n)));if(t.length){let n=new qe,o=new Map,r=new Set(t.flatMap(s=>s.names));for(;n.n<e.n_photos&&r.size>o.size;){let s=n.n;n.append(await V(`/api/photos?from=${s}`));for(let a=s;a<n.n;a++)r.has(Dt(n,a))&&o.set(Dt(n,a),n.id[a]);n.n===s&&await Ce(300)}At(e.run),await S.resend(t,o)}S.queue.length=0,location.reload()}var Dt=(e,t)=>`${e.folder[t]}/${e.name[t]}`,It=!1;async function ws(){if(!It){for(It=!0;c.gone;)await Ce(2500),await uo();It=!1}}async function po(){uo();try{await S.load()}catch(e){ne(e)}}function fo(){let e=c.server;if(!e||e.done)return null;let t=e.n_done+e.n_failed,n=e.n_photos?t/e.n_photos:0,o=e.rate?` · ${e.rate.toFixed(1)} a second`:"",r=e.seconds_left!==null&&t?` · ${to(e.seconds_left)} left`:"";return{share:n,text:`${N(t)} of ${N(e.n_photos)} scored${o}${r}`}}var se=8,vs=34,Rt=320,Re={columns:1,visible:1,row:100},ho=()=>Re.columns,mo=()=>Math.max(Re.columns,Re.columns*Re.visible);function xs({width:e,height:t},n){let o=Math.min(n,Math.max(100,(e-se)/2));for(let r=Math.max(1,Math.floor((e+se)/(o+se)));;r--){let s=(e-se*(r-1))/r,a=Math.round(s*.6+vs)+se,i=Math.ceil(t/a)+1;if(r===1||r*i<=Rt)return{columns:r,cell:s,row:a,inSight:i}}}function _o(){let e=I(null),t=I({top:0,height:600,width:800}),[,n]=Me(M=>M+1,0),{rows:o,where:r,proposed:s}=B(),{columns:a,cell:i,row:f,inSight:_}=xs(t.current,c.size),l=Math.ceil(o.length/a);Object.assign(Re,{columns:a,visible:Math.max(1,_-2),row:f});let $=Math.max(0,Math.min(3,Math.floor((Rt/a-_)/2))),m=Math.max(0,Math.min(l-1,Math.floor(t.current.top/f))-$),p=Math.min(l,m+Math.min(_+2*$,Math.floor(Rt/a))),h=r.get(c.current)??-1;te(()=>{let M=e.current,j=()=>{let W=getComputedStyle(M),x=M.clientWidth-parseFloat(W.paddingLeft)-parseFloat(W.paddingRight);(x!==t.current.width||M.clientHeight!==t.current.height)&&(Object.assign(t.current,{width:x,height:M.clientHeight}),n())},R=new ResizeObserver(j);return R.observe(M),j(),()=>R.disconnect()},[]);let b=I({current:-1,at:-1,key:""});te(()=>{let M=e.current,{current:j,at:R,key:W}=b.current,x=`${a} ${f}`;if(b.current={current:c.current,at:h,key:x},h<0)return;let P=Math.floor(h/a)*f,J=Math.floor(R/a)*f,X=M.clientHeight;j===c.current&&W===x&&R>=0&&J!==P?J>=M.scrollTop-f&&J<=M.scrollTop+X&&(M.scrollTop+=P-J):(j!==c.current||W!==x)&&(P<M.scrollTop?M.scrollTop=P:P+f>M.scrollTop+X-se&&(M.scrollTop=P+f-X+se*2))}),D(()=>e.current.focus({preventScroll:!0}),[]);let g=()=>{let M=e.current.scrollTop,j=Math.floor(M/f)!==Math.floor(t.current.top/f);t.current.top=M,j&&n()},{low:v,high:k}=pt(),C=[],T=M=>{let j=o[M],R=d.burstOf(j).length;C.push(u`<${Ss}
        key=${d.id[j]}
        row=${j}
        place=${M}
        n=${a}
        cell=${i}
        height=${f}
        total=${o.length}
        low=${v}
        high=${k}
        proposed=${s.has(j)}
        current=${M===h}
        mark=${S.of(d.id[j])}
        isKept=${S.isKept(d.id[j])}
        burst=${R}
        isOpen=${R>1&&c.fold&&c.open.has(d.burst[j])}
      />`)};for(let M=m*a;M<Math.min(o.length,p*a);M++)T(M);return h>=0&&(h<m*a||h>=p*a)&&T(h),u`<div
    class="grid"
    id="grid"
    ref=${e}
    role="listbox"
    tabindex="0"
    aria-label="Photographs"
    aria-activedescendant=${h>=0?`photo-${d.id[c.current]}`:void 0}
    onScroll=${g}
  >
    <div class="sheet" role="presentation" style=${{height:`${Math.max(0,l*f)}px`}}>${C}</div>
    ${o.length===0&&u`<${Ms} />`}
  </div>`}function Ms(){return d.n?u`<p class="empty">
    No photograph passes the filters.
    <button type="button" onClick=${()=>w({show:"all",low:null,high:null,query:""})}>Show all</button>
  </p>`:u`<p class="empty">
      ${c.server?.done?"There are no photographs here.":"The first photographs are being scored…"}
    </p>`}var Ss=jn(({row:e,place:t,n,cell:o,height:r,total:s,low:a,high:i,proposed:f,current:_,mark:l,isKept:$,burst:m,isOpen:p})=>{let h=d.id[e],b=Z(d,e),g=d.score[e],v=d.familiarity[e]!==null&&d.familiarity[e]<.05,k=g===null?0:i>a?(g-a)/(i-a):1,C=["cell",l.mark,_&&"current",f&&"proposed",b&&"broken",p&&"open"],T=`translate(${t%n*(o+se)}px, ${Math.floor(t/n)*r}px)`,M=[d.name[e],Bt(e),f&&"proposed",!$&&"not kept yet"];return u`<div
      class=${C.filter(Boolean).join(" ")}
      id=${`photo-${h}`}
      role="option"
      aria-setsize=${s}
      aria-posinset=${t+1}
      aria-selected=${_?"true":"false"}
      data-id=${h}
      data-score=${g}
      style=${{transform:T,width:`${o}px`,height:`${r-se}px`}}
      onClick=${()=>oe(e)}
      onDblClick=${()=>w({large:!0,zoomed:!1})}
    >
      <span class="hidden">${M.filter(Boolean).join(", ")}</span>
      <div class="picture" aria-hidden="true">
        ${b?u`<span class="blank">${d.error[e]||"not scored"}</span>`:u`<img
                src=${De(h)}
                alt=""
                decoding="async"
                draggable=${!1}
                onError=${j=>j.target.classList.add("missing")}
              />`}
        <span class="tags">
          ${l.mark==="pick"&&u`<span class="tag good"><${st} />pick</span>`}
          ${l.mark==="reject"&&u`<span class="tag bad"><${le} />reject</span>`}
          ${f&&l.mark!=="pick"&&u`<span class="tag">proposed</span>`}
          ${!$&&u`<span class="tag warn">not kept yet</span>`}
        </span>
        <span class="tags right">
          ${m>1&&u`<span class="tag" title=${`a burst of ${m}`}><${Nn} />${m}</span>`}
          ${v&&u`<span class="tag" title="unlike all anchors"><${An} />unlike</span>`}
        </span>
        ${l.stars>0&&u`<span class="tags bottom">
            <span class="tag stars">${Array.from({length:l.stars},()=>u`<${rt} />`)}</span>
          </span>`}
      </div>
      <div class="bar" aria-hidden="true"><i style=${{transform:`scaleX(${k})`}}></i></div>
      <div class="caption" aria-hidden="true">
        <span class="name">${d.file(e)}</span><b>${b?"–":E(g)}</b>
      </div>
    </div>`});function re({text:e,label:t,id:n}){let[o,r]=q(!1);return e?u`<div class="command">
    <p class="dim">${t}</p>
    <div>
      <code id=${n}>${e}</code>
      <button
        type="button"
        class="round"
        aria-label="Copy the command"
        title=${o?"Copied":"Copy"}
        onClick=${async()=>{try{await navigator.clipboard.writeText(e),r(!0),z("Copied."),setTimeout(()=>r(!1),1500)}catch{getSelection().selectAllChildren(document.getElementById(n)),z("Selected: copy it with the keys of your system.")}}}
      >
        <${Rn} />
      </button>
    </div>
  </div>`:null}var Cs={stars:"Stars",pairs:"Pairs"},ft=20,Ts=40,y={kind:Es(),server:null,queue:[],waiting:0,sent:new Set,made:null,agreement:null,error:""};function Es(){return c.tasteKind==="pairs"?"pairs":"stars"}function de(e){Object.assign(y,e),w()}var Ft=()=>(y.kind==="stars"?y.server?.stars:y.server?.pairs)??0,Os=(e,t)=>String(e)===String(t);function Wt(e,t=[]){let n=e.next.filter(o=>!Os(o,t[0])&&!y.sent.has(String(o)));de({server:e,queue:[...t,...n],error:""});for(let o of y.queue.slice(0,2))for(let r of[o].flat())Se(r)}async function dt(e=y.kind){try{let t=await V(`/api/taste/${e}`);e===y.kind&&Wt(t)}catch(t){He(t)}}function He(e){e.gone&&ne(e),de({error:e.message})}var We=Promise.resolve();function go(e,t){let{kind:n}=y;return de({waiting:y.waiting+1}),We=We.then(()=>ue(`/api/taste/${n}/${e}`,t)).then(o=>{if(y.waiting-=1,n!==y.kind)return w();let r=o.back??[];if(!r.length)return Wt(o,y.queue.slice(0,1));let s=n==="stars"?r[0]:r;for(let a of[s,[...r].reverse()])y.sent.delete(String(a));Wt(o,[s])}).catch(async o=>{y.waiting-=1,y.sent.clear(),He(o),o.gone||await dt()}),We}function Ht(e,t,n){y.sent.add(String(y.queue[0])),de({queue:y.queue.slice(1),agreement:null,made:null}),z(n),go("judge",{ids:e,stars:t})}function ht(e){let t=y.queue[0];if(!Vt()||y.kind!=="stars")return!1;Ht([t],e,e?`${ke(e)}. Next photograph.`:"Passed over.")}function mt(e){let t=y.queue[0];if(!Vt()||y.kind!=="pairs")return!1;if(e===null)return Ht(t,0,"Passed over.");Ht(e?[t[1],t[0]]:t,1,`The ${e?"right":"left"} one. Next two.`)}function Kt(){return y.kind==="stars"?ht(0):mt(null)}function Xt(){de({agreement:null,made:null}),z("The last judgement is taken back."),go("undo",{})}function Ps(e){e!==y.kind&&(K("tasteKind",e),de({kind:e,server:null,queue:[],sent:new Set,made:null,agreement:null,error:""}),dt(e))}async function $o(){let{kind:e}=y;await We;try{let t=await V(`/api/taste/${e}/agreement`);e===y.kind&&de({agreement:t})}catch(t){He(t)}}async function js(){try{let{score:e}=await V(`/api/taste/${y.kind}/scores?name=${encodeURIComponent(y.made.name)}`);d.taste=d.id.map(t=>e[t]??null),d.version+=1,w({order:"taste",moved:!1}),location.hash="#cull"}catch(e){He(e)}}async function Ns(e){await We;try{let t=await ue(`/api/taste/${y.kind}/index`,{name:e});de({made:t,error:""}),z(`The index ${t.name} is there.`),$o()}catch(t){He(t)}}function bo(){D(()=>{dt(),document.getElementById("content").focus({preventScroll:!0})},[]);let e=y.server&&!y.queue.length&&!c.server?.done;return D(()=>{e&&dt()},[e,c.server?.n_done]),u`<main id="content" class="taste" tabindex="-1" aria-label="Taste">
    <section class="asked" aria-label="Judge">
      <${Vt()?y.kind==="stars"?qs:Ls:As} />
    </section>
    <aside class="told" aria-label="Your taste"><${Us} /></aside>
  </main>`}var Vt=()=>y.queue.length>0&&[y.queue[0]].flat().every(e=>d.rows.has(e)),ko=e=>d.name[d.rows.get(e)];function As(){return y.error&&!y.server?u`<p class="empty warn" role="alert">${y.error}</p>`:!y.server||y.queue.length||!c.server?.done||y.waiting?u`<p class="empty" role="status">Choosing…</p>`:u`<p class="empty" role="status">
    ${Ft()?"All photographs are judged.":"There are no photographs to judge: start with quasar-index explore PHOTOS."}
  </p>`}function qs(){let e=y.queue[0];return u`<h2 class="question">How good is it, to you?</h2>
    <div class="stage"><${he} key=${e} id=${e} wait=${0} alt=${ko(e)} /></div>
    <div class="answers" role="group" aria-label="Stars">
      ${[1,2,3,4,5].map(t=>u`<button type="button" key=${t} aria-label=${ke(t)} onClick=${()=>ht(t)}>
            <span class="gold" aria-hidden="true">${"★".repeat(t)}</span> <kbd>${t}</kbd>
          </button>`)}
    </div>
    <${yo} />`}function Ls(){let e=y.queue[0];return u`<h2 class="question">Which one is better, to you?</h2>
    <div class="two">
      ${e.map((t,n)=>u`<button
            type="button"
            class="choice"
            key=${t}
            aria-label=${`The ${n?"right":"left"} one: ${ko(t)}`}
            onClick=${()=>mt(n)}
          >
            <span class="stage"><${he} id=${t} wait=${0} alt="" /></span>
            <span>${n?"right":"left"} <kbd>${n?"→":"←"}</kbd></span>
          </button>`)}
    </div>
    <${yo} />`}function yo(){return u`<div class="answers">
    <button type="button" onClick=${Kt}>Pass over <kbd>S</kbd></button>
    <button type="button" disabled=${!Ft()&&!y.server?.passed} onClick=${Xt}>Take back <kbd>U</kbd></button>
  </div>`}function Us(){let e=Ft(),t=`${ft} ${y.kind==="stars"?"photographs":"pairs"} are a start; going on later adds`;return u`<section aria-labelledby="h-by">
      <h2 id="h-by">Judge by</h2>
      <div class="kinds" role="group" aria-labelledby="h-by">
        ${Object.entries(Cs).map(([n,o])=>u`<button
              type="button"
              key=${n}
              id=${`by-${n}`}
              aria-pressed=${y.kind===n?"true":"false"}
              onClick=${()=>Ps(n)}
            >
              ${o}
            </button>`)}
      </div>
    </section>
    <section aria-labelledby="h-judged">
      <h2 id="h-judged">Judged</h2>
      <p class="number"><b id="judged">${e}</b> <span class="dim">of ${Math.max(ft,e)}</span></p>
      <progress max=${ft} value=${Math.min(e,ft)} aria-label="Judged"></progress>
      <p class="dim" id="kept">
        ${y.waiting?`${L(y.waiting,"judgement")} not kept yet`:e?"all kept":t}
      </p>
      ${y.kind==="stars"&&e>0&&u`<dl class="spread">
          ${y.server.counts.map((n,o)=>u`<div key=${o}>
                <dt>${ke(o+1)}</dt>
                <dd>${n}</dd>
              </div>`)}
        </dl>`}
    </section>
    <${Ds} done=${e} />
    <${zs} done=${e} />
    ${y.error&&u`<p class="warn" role="alert" id="taste-error">${y.error}</p>`}
    <p class="dim">
      Asked for next: photographs unlike those you judged, and those whose score is in
      doubt.${y.server&&u` Kept in <span class="path">${y.server.store}</span>.`}
    </p>`}function Ds({done:e}){let t=y.agreement;return e?u`<section aria-labelledby="h-worth">
    <h2 id="h-worth">What it is worth</h2>
    ${t&&u`<p id="agreement" role="status">${Is(t)}</p>`}
    ${t&&e<Ts&&u`<p class="warn">${L(e,"judgement")} ${e===1?"says":"say"} little.</p>`}
    <button type="button" class="wide" onClick=${$o}>Measure: leave each one out</button>
  </section>`:null}function Is({what:e,value:t,low:n,high:o,n:r}){if(t===null)return"Too few judgements, or too much alike, for a figure.";if(e==="share"){let i=_=>`${Math.round(100*_)}%`,f=`95% interval ${i(n)} to ${i(o)}; chance: 50%`;return`Of ${L(r,"pair")}, each left out in turn, ${i(t)} are foretold right (${f}).`}let a=`${n===null?"no interval of so few":`95% interval ${E(n)} to ${E(o)}`}; ${L(r,"photograph")}; chance: 0`;return`Rank correlation of your stars with the score of each photograph, left out in turn: ${E(t)} (${a}).`}function zs({done:e}){let t=I(null),[n,o]=q("my-taste"),{made:r}=y;return u`<section aria-labelledby="h-make">
    <h2 id="h-make">Your index</h2>
    <form
      onSubmit=${s=>{s.preventDefault(),Ns(n.trim())}}
    >
      <label class="field"
        ><span>Name</span
        ><input
          type="text"
          id="taste-name"
          ref=${t}
          spellcheck=${!1}
          value=${n}
          onInput=${s=>o(s.target.value)}
      /></label>
      <button type="submit" class="wide main" id="make" disabled=${!y.server?.divides}>Make the index</button>
    </form>
    ${e>1&&y.server&&!y.server.divides&&u`<p class="dim">All are the same so far: judge some better than others.</p>`}
    ${r&&u`<p id="made" role="status">
          <b>${r.name}</b>: ${r.n_good} good and ${r.n_bad} bad, in <span class="path">${r.path}</span>
        </p>
        <button type="button" class="wide" id="sort" onClick=${js}>Sort Cull by it</button>
        <${re} text=${r.score} label="Score by it" id="taste-score" />
        <${re} text=${r.explore} label="Cull by it: start again with" id="taste-explore" />`}
  </section>`}var Ee=e=>(t,n)=>c.view.name==="cull"||d.rows.get(c.view.id)===c.current?e(t,n):!1,G=e=>(t,n)=>c.view.name==="cull"?e(t,n):!1;function me(e,t=null){location.hash=t===null?`#${e}`:`#${e}/${t}`}var wo=e=>()=>{let{rows:t}=B();t.length&&oe(t[e?t.length-1:0])};function Bs(){return c.zoomed?w({zoomed:!1}):c.large?w({large:!1}):c.details||c.filters?w({details:!1,filters:!1}):c.view.name!=="cull"?me("cull"):!1}var Fe=[{group:"Move",keys:["ArrowLeft","ArrowRight"],label:["←","→"],text:"the photograph before, the next",run:Ee(e=>fe(e==="ArrowLeft"?-1:1))},{group:"Move",keys:["ArrowUp","ArrowDown"],label:["↑","↓"],text:"the row above, below",run:G(e=>fe(c.large?e==="ArrowUp"?-1:1:(e==="ArrowUp"?-1:1)*ho()))},{group:"Move",keys:["PageUp","PageDown"],label:["PgUp","PgDn"],text:"a page up, down",run:G(e=>fe((e==="PageUp"?-1:1)*mo()))},{group:"Move",keys:["Home"],label:["Home"],text:"the first",run:G(wo(!1))},{group:"Move",keys:["End"],label:["End"],text:"the last",run:G(wo(!0))},{group:"Mark",keys:["p"],label:["P"],text:"pick; again: no mark",run:Ee((e,t)=>ze("pick",t?{next:!0}:{}))},{group:"Mark",keys:["x"],label:["X"],text:"reject; again: no mark",run:Ee((e,t)=>ze("reject",t?{next:!0}:{}))},{group:"Mark",keys:["1","2","3","4","5"],label:["1","…","5"],text:"stars",run:Ee(e=>Be(Number(e)))},{group:"Mark",keys:["0"],label:["0"],text:"no stars",run:Ee(()=>Be(0))},{group:"Mark",keys:["u"],label:["U"],text:"undo the last change of marks",run:Ee(()=>S.undo())},{group:"Mark",keys:["a"],label:["A"],text:"go on to the next after a mark: on or off (Shift+P, Shift+X do it once)",run:G(()=>K("advance",!c.advance))},{group:"Look",keys:[" "],label:["Space"],text:"large; again: back to the grid",run:G(()=>w({large:!c.large,zoomed:!1}))},{group:"Look",keys:["z"],label:["Z"],text:"every pixel; again: the whole photograph",run:G(()=>w({large:!0,zoomed:!(c.large&&c.zoomed)}))},{group:"Look",keys:["b"],label:["B"],text:"unfold or fold this burst",run:G(lo)},{group:"Look",keys:["+","=","-"],label:["+","−"],text:"larger, smaller pictures in the grid",run:G(e=>K("size",Math.max(110,Math.min(420,Math.round(c.size*(e==="-"?1/1.2:1.2))))))},{group:"Look",keys:["Enter"],label:["Enter"],text:"why this score: One image",run:G(()=>c.current>=0&&me("one",d.id[c.current]))},{group:"Find",keys:["/"],label:["/"],text:"filter by name",run:G(()=>{w({filters:!0,large:!1}),setTimeout(()=>document.getElementById("query")?.focus())})},{group:"Find",keys:["f"],label:["F"],text:"show all, picks, rejects, undecided in turn",run:G(()=>Q({show:{all:"pick",pick:"reject",reject:"none"}[c.show]??"all"}))},{group:"Find",keys:["o"],label:["O"],text:"order: best, worst, name, time in turn",run:G(()=>Q({order:{best:"worst",worst:"name",name:"time"}[c.order]??"best"}))},{group:"Page",keys:["e"],label:["E"],text:"export",run:()=>w({dialog:"export",large:!1})},{group:"Page",keys:["?"],label:["?"],text:"this list",run:()=>w({dialog:"keys"})},{group:"Page",keys:["Escape"],label:["Esc"],text:"back",run:Bs},{group:"One image",keys:["[","]"],label:["[","]"],text:"one anchor fewer, more a side (k)",run:()=>!1}],xo=[{keys:["1","2","3","4","5"],label:["1","…","5"],text:"stars of this photograph",run:e=>ht(Number(e))},{keys:["ArrowLeft","ArrowRight"],label:["←","→"],text:"the left one, the right one is better",run:e=>mt(e==="ArrowLeft"?0:1)},{keys:["s"],label:["S"],text:"pass over",run:Kt},{keys:["u"],label:["U"],text:"take the last judgement back",run:Xt}].map(e=>({group:"Taste",...e})),Mo=e=>new Map(e.flatMap(t=>t.keys.map(n=>[n,t]))),Rs=Mo(Fe),Ws=Mo(xo);Fe.push(...xo);var Hs="button, a[href], summary, input, select, textarea";function vo(e,t){return t==="Escape"?!1:e.matches("select, textarea, input:not([type=range], [type=checkbox], [type=radio])")||e.matches("input")&&/^(Arrow|Home|End|Page)/.test(t)?!0:(t===" "||t==="Enter")&&e.matches(Hs)}function So(e){if(e.defaultPrevented||e.isComposing||e.altKey)return;if(e.ctrlKey||e.metaKey){if(e.key!=="z"||c.view.name!=="cull"||vo(e.target,"z"))return;e.preventDefault(),S.undo();return}if(c.dialog)return;let t=e.key.length===1?e.key.toLowerCase():e.key,n=c.view.name==="taste"&&Ws.get(t)||Rs.get(t);!n||vo(e.target,t)||!c.letters&&/^[a-z0-9/+=?[\]-]$/.test(t)||n.run(t,e.shiftKey)!==!1&&e.preventDefault()}var Fs=200,Oe=new Map;function Gt(e){Oe.set(e.id,e),Oe.size>Fs&&Oe.delete(Oe.keys().next().value)}function _t(e,t=120){let[,n]=q(null);return D(()=>{if(e==null||Oe.has(e))return;let o=new AbortController,r=setTimeout(()=>{V(`/api/explain/${e}`,o.signal).then(s=>{Gt({...s,id:e}),n(s)},ne)},t);return()=>{clearTimeout(r),o.abort()}},[e,c.gone]),Oe.get(e)??null}function gt({value:e,low:t,high:n}){if(e==null)return null;let[o,r]=c.server?.index?.range??[t,n],s=i=>`${Math.max(0,Math.min(100,100*(i-o)/(r-o||1)))}%`,a=t!=null;return u`<div class="opinion">
    <p class="line">
      <span>opinion</span
      ><span
        ><b>${Te(e)}</b>
        ${a&&u`<span class="dim">${Te(t)} to ${Te(n)}, of ${Te(o)} to ${Te(r)}</span>`}</span
      >
    </p>
    <div class="scale" aria-hidden="true">
      ${a&&u`<i class="span" style=${{left:s(t),right:`calc(100% - ${s(n)})`}}></i>`}<i
        class="dot"
        style=${{left:s(e)}}
      ></i>
    </div>
  </div>`}function $t({value:e}){return e==null?null:u`<div>
    <p class="line"><span>familiarity</span><b>${E(e)}</b></p>
    <p class="dim sentence">${no(e)}</p>
  </div>`}function Pe({side:e,list:t,most:n,title:o,pictures:r=!0}){if(!t?.length)return null;let s=[...t].sort((l,$)=>$.weight-l.weight).slice(0,n),a=Math.max(...s.map(l=>l.weight),1e-12),i=l=>!!(l.picture??r),f=!s.some(i),_=`h-${e}`;return u`<section class=${`anchors ${e} ${f?"named":""}`} aria-labelledby=${_}>
    <h2 id=${_}>${o}</h2>
    <ul>
      ${s.map(l=>u`<li key=${l.anchor} title=${Ks(l)}>
            ${f?u`<p class="file">${l.name}</p>`:u`<div class="tile">
                    ${i(l)?u`<img
                            src=${`/anchor/${l.anchor}`}
                            alt=${l.name??""}
                            loading="lazy"
                            decoding="async"
                          />`:u`<span class="blank">${l.name||"no picture"}</span>`}
                  </div>`}
            <p class="figures"><b>${Co(l.rating)}</b><span class="dim"> · ${Xs(l.weight)}</span></p>
            <div class="bar" aria-hidden="true"><i style=${{transform:`scaleX(${l.weight/a})`}}></i></div>
          </li>`)}
    </ul>
  </section>`}var Ks=e=>`${e.name}
rating ${Co(e.rating)}, weight ${F(e.weight)}, cosine ${F(e.cosine)}`,Co=e=>e==null?"–":String(Math.round(e*100)/100),Xs=e=>String(Number(e.toPrecision(2)));function he({id:e,side:t=1600,wait:n=90,alt:o,label:r}){let s=I(null);return D(()=>{let a=()=>{let _=Se(e,t);_.alt=o;let l=()=>s.current?.dataset.id===String(e)&&s.current.replaceChildren(_);_.done?l():_.ready.then(()=>_.done&&l())};if(!s.current)return;if(s.current.dataset.id=e,Jn(e,t))return void a();let i=new Image;i.src=De(e),i.alt=o,i.className="small",s.current.replaceChildren(i);let f=setTimeout(a,n);return()=>clearTimeout(f)},[e,t]),u`<div class="photograph" ref=${s} aria-label=${r}></div>`}function Jt(e){e.detail&&(document.querySelector("dialog[open]")??document.getElementById("grid"))?.focus({preventScroll:!0})}function Ke(){let{mark:e}=S.of(d.id[c.current]),t=(n,o,r,s)=>u`<button
      type="button"
      class=${`mark ${n}`}
      aria-pressed=${e===n?"true":"false"}
      title=${`${s} (${r})`}
      onClick=${a=>Jt(a,ze(n))}
    >
      <${o} /><span>${s}</span>
    </button>`;return u`<div class="marks">
    ${t("pick",st,"P","Pick")}${t("reject",le,"X","Reject")}
    <button
      type="button"
      class="round"
      aria-label="Undo"
      title="Undo the last change of marks (U)"
      onClick=${n=>Jt(n,S.undo())}
    >
      <${In} />
    </button>
  </div>`}function Xe(){let{stars:e}=S.of(d.id[c.current]);return u`<div class="starline" role="group" aria-label="Stars">
    ${[1,2,3,4,5].map(t=>u`<button
          key=${t}
          type="button"
          class=${t<=e?"on":""}
          aria-pressed=${t===e?"true":"false"}
          aria-label=${t===1?"1 star":`${t} stars`}
          title=${`${t} (${t===e?0:t})`}
          onClick=${n=>Jt(n,Be(t===e?0:t))}
        >
          <${rt} />
        </button>`)}
  </div>`}function To(){let e=c.current,t=d.id[e],n=e>=0&&Z(d,e),o=_t(e<0||n?null:t);if(e<0)return u`<aside class="panel" aria-label="Current photograph"></aside>`;let{where:r}=B(),s=d.burstOf(e),a=n?"not scored":`${eo(ao(e))} of ${N(d.scored)}`;return u`<aside class="panel" aria-label="Current photograph">
    <div class="short">
      <button
        type="button"
        class="opener"
        aria-expanded=${c.details?"true":"false"}
        aria-controls="details"
        onClick=${()=>w({details:!c.details})}
      >
        <span class="file">${d.file(e)}</span
        ><span><b>${E(d.score[e])}</b> <span class="dim">${a}</span></span
        ><${Un} class="icon turn" />
      </button>
    </div>
    <div class="whole" id="details">
      <button
        type="button"
        class="preview"
        aria-label="Show large"
        title="Large (Space)"
        onClick=${()=>w({large:!0,zoomed:!1})}
      >
        ${n?u`<span class="blank">no picture</span>`:!c.large&&u`<${he} id=${t} alt=${d.name[e]} />`}
      </button>
      <p class="file" title=${d.name[e]}>${d.name[e]}</p>
      ${d.taken[e]!==null&&u`<p class="dim">${oo(d.taken[e])}</p>`}
    </div>
    <div class="number">
      <p class="score" title=${`score ${F(d.score[e])}`}>
        <b>${E(d.score[e])}</b> <span class="dim">${a}</span>
      </p>
    </div>
    <div class="doing"><${Ke} /><${Xe} /></div>
    <div class="whole">
      ${n&&u`<p class="warn">Not scored: ${d.error[e]}</p>`}
      <${gt} value=${d.opinion[e]} low=${d.low[e]} high=${d.high[e]} />
      <${$t} value=${d.familiarity[e]} />
      <${Pe}
        side="good"
        list=${o?.good}
        most=${5}
        pictures=${o?.anchors_have_pictures}
        title="Nearest good anchors"
      />
      <${Pe}
        side="bad"
        list=${o?.bad}
        most=${5}
        pictures=${o?.anchors_have_pictures}
        title="Nearest bad anchors"
      />
      ${s.length>1&&u`<section aria-labelledby="h-burst">
          <h2 id="h-burst">This burst</h2>
          <ul class="strip">
            ${s.slice(0,12).map(i=>u`<li key=${i}>
                  <button
                    type="button"
                    aria-label=${`${d.file(i)}, score ${E(d.score[i])}`}
                    aria-current=${i===e?"true":void 0}
                    onClick=${()=>Vs(i,r)}
                  >
                    <img src=${De(d.id[i])} alt="" /><span>${E(d.score[i])}</span>
                  </button>
                </li>`)}
          </ul>
          ${s.length>12&&u`<p class="dim">and ${N(s.length-12)} more</p>`}
        </section>`}
      ${!n&&u`<button type="button" class="wide" onClick=${()=>me("one",t)}>Why this score: One image</button>`}
    </div>
  </aside>`}function Vs(e,t){t.has(e)||w({open:new Set(c.open).add(d.burst[e])}),oe(e)}function Eo(){let e=I(null),t=I(null),n=c.current,o=d.id[n],{rows:r,where:s}=B(),a=s.get(n)??0;te(()=>{let l=e.current;return l.showModal(),l.focus(),()=>{l.close(),document.getElementById("grid")?.focus({preventScroll:!0})}},[]),D(()=>{for(let l of[a+1,a-1,a+2]){let $=r[l];$!==void 0&&!Z(d,$)&&Se(d.id[$])}},[o]),te(()=>{let l=t.current;c.zoomed&&l.scrollTo((l.scrollWidth-l.clientWidth)/2,(l.scrollHeight-l.clientHeight)/2)},[c.zoomed,o]);let i=I(null),f=l=>{let $=t.current;if(l.type==="pointerdown")i.current={x:l.clientX+$.scrollLeft,y:l.clientY+$.scrollTop,moved:!1};else if(l.type==="pointermove"&&i.current&&c.zoomed){let m=i.current.x-l.clientX,p=i.current.y-l.clientY;Math.abs(m-$.scrollLeft)+Math.abs(p-$.scrollTop)>3&&(i.current.moved=!0),$.scrollTo(m,p)}else if(l.type==="pointerup"){let m=i.current?l.clientX+t.current.scrollLeft-i.current.x:0;!c.zoomed&&l.pointerType==="touch"&&Math.abs(m)>40?fe(m<0?1:-1):i.current&&!i.current.moved&&w({zoomed:!c.zoomed}),i.current=null}},_=S.isKept(o);return u`<dialog
    class="large"
    tabindex="-1"
    ref=${e}
    aria-label=${`${d.name[n]}, large`}
    onCancel=${l=>{l.preventDefault(),w(c.zoomed?{zoomed:!1}:{large:!1})}}
  >
    <div
      class=${c.zoomed?"stage zoomed":"stage"}
      ref=${t}
      onPointerDown=${f}
      onPointerMove=${f}
      onPointerUp=${f}
      onPointerLeave=${()=>i.current=null}
    >
      ${Z(d,n)?u`<p class="blank">Not scored: ${d.error[n]}</p>`:u`<${he}
              key=${c.zoomed}
              id=${o}
              side=${c.zoomed?3200:1600}
              wait=${0}
              alt=${d.name[n]}
            />`}
    </div>
    <div class="rail">
      <button
        type="button"
        class="round"
        aria-label="The photograph before"
        title="Before (←)"
        disabled=${a===0}
        onClick=${()=>fe(-1)}
      >
        <${qn} />
      </button>
      <button
        type="button"
        class="round"
        aria-label="The next photograph"
        title="Next (→)"
        disabled=${a>=r.length-1}
        onClick=${()=>fe(1)}
      >
        <${Ln} />
      </button>
      <p class="about">
        <b>${E(d.score[n])}</b> <span class="file">${d.file(n)}</span>
        <span class="dim">${N(a+1)} of ${N(r.length)}</span
        >${!_&&u` <span class="tag warn">not kept yet</span>`}
      </p>
      <${Ke} /><${Xe} />
      <button
        type="button"
        class="round"
        aria-pressed=${c.zoomed?"true":"false"}
        aria-label="Every pixel"
        title="Every pixel (Z)"
        onClick=${()=>w({zoomed:!c.zoomed})}
      >
        <${Dn} />
      </button>
      <button
        type="button"
        class="round"
        aria-label="Back to the grid"
        title="Back (Space, Esc)"
        onClick=${()=>w({large:!1})}
      >
        <${le} />
      </button>
    </div>
  </dialog>`}function Oo(){let e=Ie();return u`<aside class="filters" aria-label="Filters">
    <button
      type="button"
      class="opener"
      aria-expanded=${c.filters?"true":"false"}
      aria-controls="filter-parts"
      onClick=${()=>w({filters:!c.filters})}
    >
      <${Wn} />Filter, order, keep
      <span class="pill"
        >${co()?`${N(B().rows.length)} shown`:`${L(e.pick,"pick")}, ${L(e.reject,"reject")}`}</span
      >
    </button>
    <div class="parts" id="filter-parts">
      <${Gs} /><${Js} /><${Ys} /><${Zs} />
      <${re} text=${c.server?.command} label="The command that gives these scores" id="all-command" />
    </div>
  </aside>`}function Gs(){let e=I(null),t=I(null),{low:n,high:o,counts:r}=pt(),s=Math.max(1,...r),a=(o-n)/pe,i=c.low??n,f=c.high??o,_=h=>h<=0||h>=pe?null:n+h*a,l=h=>{let{left:b,width:g}=e.current.getBoundingClientRect();return Math.max(0,Math.min(pe-1,Math.floor((h.clientX-b)/g*pe)))},$=h=>{if(h.type==="pointerdown"&&(h.currentTarget.setPointerCapture(h.pointerId),t.current=l(h)),t.current===null)return;let[b,g]=[t.current,l(h)].sort((v,k)=>v-k);w({low:_(b),high:_(g+1)}),h.type==="pointerup"&&(t.current=null,Q({}))},m=(h,b)=>{let g=Number(b);h==="low"?Q({low:g<=0?null:Math.min(n+g*a,f)}):Q({high:g>=pe?null:Math.max(n+g*a,i)})},p=(h,b,g)=>u`<input
      type="range"
      class=${h}
      min="0"
      max=${pe}
      step="0.25"
      value=${(b-n)/(a||1)}
      aria-label=${g}
      aria-valuetext=${E(b)}
      onInput=${v=>m(h,v.target.value)}
    />`;return u`<section aria-labelledby="h-score">
    <h2 id="h-score">Score</h2>
    <div
      class="bars"
      ref=${e}
      aria-hidden="true"
      title="Drag over the bars to show these scores alone"
      onPointerDown=${$}
      onPointerMove=${h=>t.current!==null&&$(h)}
      onPointerUp=${$}
      onPointerCancel=${()=>t.current=null}
    >
      ${Array.from(r,(h,b)=>u`<i
            key=${b}
            class=${n+(b+.5)*a>=i&&n+(b+.5)*a<=f?"in":""}
            style=${{height:h?`${Math.max(4,100*h/s)}%`:"0"}}
          ></i>`)}
    </div>
    <div class="limits">
      ${p("low",i,"Lowest score shown")}${p("high",f,"Highest score shown")}
    </div>
    <p class="line">
      <span>${E(i)}</span>
      ${c.low!==null||c.high!==null?u`<button type="button" class="link" onClick=${()=>Q({low:null,high:null})}>
              all scores
            </button>`:u`<span class="dim">to</span>`}
      <span>${E(f)}</span>
    </p>
  </section>`}function Js(){let e=Math.max(1,d.scored),t=o=>w({keep:Math.max(0,Math.min(e,Math.round(Number(o)||0)))}),n=B().proposed.size;return u`<section aria-labelledby="h-keep">
    <h2 id="h-keep">Keep</h2>
    <p class="line">
      <label for="keep">the best</label
      ><input
        type="number"
        id="keep"
        min="0"
        max=${e}
        value=${c.keep}
        onInput=${o=>t(o.target.value)}
      />
    </p>
    <input
      type="range"
      min="0"
      max="1000"
      value=${Math.round(Math.sqrt(c.keep/e)*1e3)}
      aria-label="Keep the best so many"
      aria-valuetext=${`the best ${c.keep}`}
      onInput=${o=>t((o.target.value/1e3)**2*e)}
    />
    <label class="line check"
      ><span>one of each burst</span
      ><input type="checkbox" checked=${c.single} onChange=${o=>K("single",o.target.checked)}
    /></label>
    <button type="button" class="wide main" disabled=${!n} onClick=${io}>
      ${n?`Pick the best ${N(n)}`:"Pick the best"}
    </button>
  </section>`}function Ys(){let e=Ie();return u`<section aria-labelledby="h-show">
    <h2 id="h-show">Show</h2>
    <fieldset class="choices">
      <legend class="hidden">Show</legend>
      ${Object.entries(lt).map(([t,n])=>(e[t]>0||["all","pick","reject","none",c.show].includes(t))&&u`<label key=${t} class=${c.show===t?"line chosen":"line"}>
            <input
              type="radio"
              name="show"
              class="hidden"
              checked=${c.show===t}
              onChange=${()=>Q({show:t})}
            />
            <span>${n}</span><span class="dim" id=${`n-${t}`}>${N(e[t])}</span></label
          >`)}
    </fieldset>
    <label class="field"
      ><span>Name</span
      ><input
        type="search"
        id="query"
        placeholder="part of a name"
        spellcheck=${!1}
        value=${c.query}
        onInput=${t=>Q({query:t.target.value})}
        onKeyDown=${t=>t.key==="Enter"&&document.getElementById("grid").focus()}
    /></label>
    <p class="dim shown">${L(B().rows.length,"photograph")} shown</p>
  </section>`}function Zs(){return u`<section aria-labelledby="h-order">
    <h2 id="h-order">Order</h2>
    <select
      aria-label="Order"
      id="order"
      value=${c.order}
      onChange=${e=>Q({order:e.target.value})}
    >
      ${Object.entries(it).map(([e,t])=>(e!=="taste"||d.taste.length>0)&&u`<option key=${e} value=${e} selected=${c.order===e}>${t}</option>`)}
    </select>
    <label class="line check"
      ><span>fold bursts</span
      ><input
        type="checkbox"
        id="fold"
        checked=${c.fold}
        onChange=${e=>K("fold",e.target.checked)}
    /></label>
    <label class="line check"
      ><span>go on after a mark</span
      ><input type="checkbox" checked=${c.advance} onChange=${e=>K("advance",e.target.checked)}
    /></label>
    <label class="line"
      ><span>size</span
      ><input
        type="range"
        min="110"
        max="420"
        step="10"
        value=${c.size}
        onInput=${e=>K("size",Number(e.target.value))}
    /></label>
  </section>`}function Po(){return u`<div class=${`cull ${c.filters?"with-filters":""} ${c.details?"with-details":""}`}>
    <${Oo} />
    <main id="content" tabindex="-1" aria-label="Photographs"><${_o} /></main>
    <${To} />
    ${c.large&&u`<${Eo} />`}
  </div>`}function No({title:e,children:t}){let n=I(null);te(()=>{let r=document.activeElement;return n.current.showModal(),()=>(r?.isConnected?r:document.getElementById("grid"))?.focus({preventScroll:!0})},[]);let o=()=>w({dialog:""});return u`<dialog
    class="box"
    ref=${n}
    aria-labelledby="h-dialog"
    onClose=${o}
    onClick=${r=>r.target===n.current&&o()}
  >
    <div class="inner">
      <div class="head">
        <h2 id="h-dialog">${e}</h2>
        <button type="button" class="round" aria-label="Close" title="Close (Esc)" onClick=${o}>
          <${le} />
        </button>
      </div>
      ${t}
    </div>
  </dialog>`}function Ao(){let e=[...new Set(Fe.map(t=>t.group))];return u`<${No} title="All keys">
    <div class="keys">
      ${e.map(t=>u`<section key=${t} aria-label=${t}>
            <h3>${t}</h3>
            <dl>
              ${Fe.filter(n=>n.group===t).map(n=>u`<div key=${n.text}>
                    <dt>${n.label.map(o=>o==="…"?"–":u`<kbd>${o}</kbd> `)}</dt>
                    <dd>${n.text}</dd>
                  </div>`)}
            </dl>
          </section>`)}
    </div>
    <label class="check"
      ><input
        type="checkbox"
        checked=${c.letters}
        onChange=${t=>K("letters",t.target.checked)}
      />
      keys of one letter, digit or sign are on</label
    >
    <p class="dim">
      With the mouse: a click chooses, two clicks show a photograph large. Nothing is ever deleted, and no photograph is
      changed.
    </p>
  <//>`}var Qs={xmp:["XMP sidecars","stars and picks for Lightroom, darktable, digiKam and others, in a small file beside each photograph"],csv:["CSV","a table of names, scores and marks"],parquet:["Parquet","the same table for data tools"],links:["Links","a new folder of links to the photographs"],copies:["Copies","a new folder of copies of the photographs"]},jo={picks:"picks",rejects:"rejects",marked:"all with a mark or stars",all:"all photographs"};function qo(){let[e,t]=q({what:"xmp",only:"picks",xmp_name:"photo.xmp",folder:"picks"}),[n,o]=q(null),[r,s]=q(!1),a=h=>{t({...e,...h}),o(null)},i=Ie(),f={picks:i.pick,rejects:i.reject,all:i.all},_={xmp:"sidecar",csv:"row",parquet:"row"}[e.what]??"photograph",l=h=>`${jo[h]}${f[h]===void 0?"":` (${N(f[h])})`}`,$=e.what==="csv"||e.what==="parquet",m=e.what==="links"||e.what==="copies";return u`<${No} title="Export">
    <form onSubmit=${async h=>{h.preventDefault(),s(!0);try{let b={what:e.what,only:e.only};e.what==="xmp"&&(b.xmp_name=e.xmp_name),m&&(b.folder=e.folder);let g=await ue("/api/export",b);o(g),z(`Wrote ${g.written} to ${g.where}.`)}catch(b){o({error:b.message})}s(!1)}}>
      <fieldset class="what">
        <legend>What</legend>
        ${Object.entries(Qs).map(([h,[b,g]])=>u`<label key=${h} class="check">
              <input
                type="radio"
                name="what"
                value=${h}
                checked=${e.what===h}
                onChange=${()=>a({what:h})}
              /><span><b>${b}</b> <span class="dim">${g}</span></span></label
            >`)}
      </fieldset>
      <label class="field"
        ><span>Of which photographs</span
        ><select value=${e.only} onChange=${h=>a({only:h.target.value})}>
          ${Object.keys(jo).map(h=>u`<option key=${h} value=${h} selected=${e.only===h}>${l(h)}</option>`)}
        </select></label
      >
      ${e.what==="xmp"&&u`<label class="field"
          ><span>Name of each sidecar</span
          ><select value=${e.xmp_name} onChange=${h=>a({xmp_name:h.target.value})}>
            <option value="photo.xmp" selected=${e.xmp_name==="photo.xmp"}>
              photo.xmp (Lightroom, Capture One)
            </option>
            <option value="photo.jpg.xmp" selected=${e.xmp_name==="photo.jpg.xmp"}>
              photo.jpg.xmp (darktable, digiKam)
            </option>
          </select></label
        >`}
      ${m&&u`<label class="field"
          ><span>Name of the new folder</span>
          <input type="text" required value=${e.folder} onInput=${h=>a({folder:h.target.value})}
        /></label>`}
      <p class="line end">
        ${$&&u`<a class="button" href=${`/api/export.${e.what}?only=${e.only}`} download>Download</a>`}
        <button type="submit" class="main" disabled=${r||S.queue.length>0}>
          ${r?"Writing…":"Write"}
        </button>
      </p>
      ${S.queue.length>0&&u`<p class="warn">${L(S.queue.length,"change")} of marks not kept yet: wait for the server.</p>`}
    </form>
    ${n&&u`<div class="answer" role="status">
        ${n.error?u`<p class="warn">${n.error}</p>`:u`<p>${`Wrote ${L(n.written,_)} to `}<span class="path">${n.where}</span></p>
                ${n.skipped?.length>0&&u`<p>Left as they are:</p>
                    <ul class="skipped">
                      ${n.skipped.slice(0,50).map(h=>u`<li key=${h}>${h}</li>`)}
                    </ul>`}`}
      </div>`}
    <p class="dim">Nothing is ever deleted, no photograph is changed, and no file of another program is overwritten.</p>
  <//>`}var Yt=(e,t,n)=>1/(1+Math.exp((t-e)/n));function er(e,t,n,o){let r=1-o,s=Math.sqrt(o*o+r*r+2*o*r*n);return s>0?(o*e+r*t)/s:0}var Zt=e=>e.top_k.k.length+(e.whole?1:0),Qt=(e,t)=>t>=e.top_k.k.length;function en(e,t,n=1){let o=Qt(e,t),r=s=>{let a=o?e.whole[s]:e.top_k[s][t],i=o?e.whole[`${s}_to_mean`]:e.top_k[`${s}_to_mean`][t];return n>=1?a:er(a,e.mean[s],i,n)};return Yt(r("good"),r("bad"),e.temperature)}function Uo(e){let[t,n=""]=e.method.split(/:(.*)/s),o=Object.fromEntries(n.split(",").map(i=>i.split("="))),r={mean:"mean",offset:"offset",retrieval:"top_k"}[t]??"",s=e.top_k.k,a=t==="retrieval"&&!o.top_k&&e.whole;return{kind:o.mode==="joint"?"":r,k:a?s.length:Lo(s,Number(o.top_k??Math.min(16,s.length))),offset:e.offset?Lo(e.offset.offset,Number(o.offset??.2)):0,blend:Number(o.blend??1)}}var tn=(e,t)=>Yt(e.offset.good[t],e.offset.bad[t],e.temperature),nn=e=>Yt(e.mean.good,e.mean.bad,e.temperature);function Lo(e,t){let n=0;for(let o=1;o<e.length;o++)Math.abs(e[o]-t)<Math.abs(e[n]-t)&&(n=o);return n}var ee=1e3,Do=(e,t)=>Math.round(Math.exp(e/ee*Math.log(t))-1),on=(e,t)=>t>1?Math.log(e+1)/Math.log(t)*ee:0;function sn(e,t,n,o,r,s){let a=[],i=-10;for(let f=0;f<e;f++){let _=t(f);if(_-i<ee/300&&f<e-1)continue;i=_;let l=s-(n(f)-o)/(r-o||1)*s;a.push(`${a.length?"L":"M"}${_.toFixed(1)} ${l.toFixed(1)}`)}return a.join("")}var _e=300;function zo({why:e}){return e.curves?u`<${tr} why=${e} />`:u`<section class="ways">
      <p class="dim">This way to score compares no centroids, so it has no curves.</p>
    </section>`}function tr({why:e}){let{curves:t,commands:n}=e,[o]=q(()=>Uo(t)),[r,s]=q(o.kind||"top_k"),[a,i]=q(o.k),[f,_]=q(o.offset),[l,$]=q(o.blend),m=Zt(t),p=x=>{s("top_k"),i(x)},h=x=>p(P=>Math.max(0,Math.min(m-1,P+x)));D(()=>{let x=P=>{P.key!=="["&&P.key!=="]"||P.target.matches("input:not([type=range], [type=radio]), textarea")||h(P.key==="]"?1:-1)};return addEventListener("keydown",x),()=>removeEventListener("keydown",x)},[t]);let b=ot(()=>nr(t,l),[t,l]),g={mean:nn(t),top_k:en(t,a,l),offset:t.offset&&tn(t,f)},v=Qt(t,a),k=v?"all":t.top_k.k[a],C=t.offset?.offset[f],T={mean:"mean of all",top_k:v?"all by likeness":`the ${N(k)} nearest a side`,offset:`offset ${E(C??0)}`},M=x=>x?.replace("{k}",k).replace("{offset}",String(C)).replace("{blend}",String(l)),j=`${v?"whole":"top_k"}${l<1?"_blend":""}`,R={mean:n.mean,offset:M(n.offset),top_k:M(n[j])}[r],W={mean:o.kind==="mean",offset:o.kind==="offset"&&f===o.offset,top_k:o.kind==="top_k"&&a===o.k&&l===o.blend};return u`<section class="ways" aria-labelledby="h-ways">
    <h2 id="h-ways">Other ways to score</h2>
    <div class="number">
      <p class="score">
        <b id="way-score">${F(g[r])}</b>
        <span class="dim">${T[r]}${r==="top_k"&&l<1?`, blend ${E(l)}`:""}</span>
      </p>
    </div>
    <fieldset class="choices">
      <legend class="hidden">Way</legend>
      ${Object.keys(T).filter(x=>g[x]!==null&&g[x]!==void 0).map(x=>u`<label key=${x} class=${r===x?"line chosen":"line"}
              ><input type="radio" class="hidden" name="way" checked=${r===x} onChange=${()=>s(x)} />
              <span>${T[x]}${W[x]?" (in force)":""}</span><b>${F(g[x])}</b></label
            >`)}
    </fieldset>
    <${Io}
      title="Anchors a side (k)"
      kind="top_k"
      d=${b.top_k}
      drawn=${b}
      at=${on(a,m)}
      score=${g.top_k}
      ends=${[1,t.whole?"all":N(m)]}
      text=${`k = ${k}, score ${F(g.top_k)}`}
      onStep=${x=>p(Do(x,m))}
      onKey=${h}
    />
    <label class="field"
      ><span class="line"><span>Blend with the mean</span><b>${E(l)}</b></span>
      <input
        type="range"
        id="blend"
        min="0"
        max="1"
        step="0.01"
        value=${l}
        aria-valuetext=${`${E(l)}, score ${F(g.top_k)}`}
        onInput=${x=>{s("top_k"),$(Number(x.target.value))}}
      /><span class="line dim"><span>the mean</span><span>the nearest alone</span></span></label
    >
    ${t.offset&&u`<${Io}
        title="Offset: share left out next to the median"
        kind="offset"
        d=${b.offset}
        drawn=${b}
        at=${f/Math.max(1,t.offset.offset.length-1)*ee}
        score=${g.offset}
        ends=${[E(t.offset.offset[0]),E(t.offset.offset.at(-1))]}
        text=${`offset = ${C}, score ${F(g.offset)}`}
        onStep=${x=>{s("offset"),_(Math.round(x/ee*(t.offset.offset.length-1)))}}
        onKey=${x=>{s("offset"),_(P=>Math.max(0,Math.min(t.offset.offset.length-1,P+x)))}}
      />`}
    <${re} text=${R} label="The command that gives this number" id="way-command" />
  </section>`}function nr(e,t){let{offset:n}=e,o=Zt(e),r=n?.offset.length??0,s=[];for(let l=0;l<o;l++)s.push(en(e,l,t));for(let l=0;l<r;l++)s.push(tn(e,l));s.push(nn(e));let a=Math.min(...s),i=Math.max(...s),f=(a+i)/2,_=Math.max((i-a)*.55,.05);return a=Math.max(0,f-_),i=Math.min(1,f+_),{low:a,up:i,top_k:o?sn(o,l=>on(l,o),l=>s[l],a,i,_e):"",offset:r?sn(r,l=>l/Math.max(1,r-1)*ee,l=>s[o+l],a,i,_e):""}}function Io({title:e,kind:t,d:n,drawn:o,at:r,score:s,ends:a,text:i,onStep:f,onKey:_}){let l=_e-(s-o.low)/(o.up-o.low)*_e,$={ArrowLeft:-1,ArrowDown:-1,ArrowRight:1,ArrowUp:1,PageDown:-10,PageUp:10},m=p=>{p.key in $&&(p.preventDefault(),_($[p.key]))};return u`<div class=${`curve ${t}`}>
    <label for=${`slide-${t}`}>${e}</label>
    <svg viewBox=${`0 0 ${ee} ${_e}`} preserveAspectRatio="none" aria-hidden="true">
      <line class="rule" x1="0" x2=${ee} y1="0" y2="0" />
      <line class="rule" x1="0" x2=${ee} y1=${_e} y2=${_e} />
      <path d=${n} />
      <line class="cursor" x1=${r} x2=${r} y1="0" y2=${_e} />
      <line class="level" x1="0" x2=${r} y1=${l} y2=${l} />
    </svg>
    <span class="up dim">${E(o.up)}</span><span class="low dim">${E(o.low)}</span>
    <input
      type="range"
      id=${`slide-${t}`}
      min="0"
      max=${ee}
      step="any"
      value=${r}
      aria-valuetext=${i}
      onInput=${p=>f(Number(p.target.value))}
      onKeyDown=${m}
    />
    <p class="line dim"><span>${a[0]}</span><b>${i.replace(", score"," →")}</b><span>${a[1]}</span></p>
  </div>`}var Bo=new Map,or="See its score, and why it has it. The image stays on this machine. Enter on a photograph in Cull leads here, too.",sr=64*2**20;function Ro({id:e}){let[t,n]=q(""),[o,r]=q(""),[s,a]=q(!1),i=I(null),f=_t(e,0),_=d.rows.get(e),l=Bo.get(e)??(_===void 0?"":d.name[_]),$=async m=>{if(m){if(m.size>sr)return r("The image is larger than 64 MB: save a smaller one.");r(""),n(m.name||"the image");try{let p=await Qn("/api/images",m);Gt(p),Bo.set(p.id,m.name||"pasted image"),me("one",p.id),z(`Score ${F(p.score)}`)}catch(p){p.gone?ne(p):r(p.message)}n("")}};return D(()=>{let m=k=>[...k?.files??[]][0],v={paste:k=>{let C=m(k.clipboardData);C&&k.preventDefault(),$(C)},drop:k=>{k.preventDefault(),a(!1),$(m(k.dataTransfer))},dragover:k=>{k.preventDefault(),a(!0)},dragleave:k=>k.relatedTarget===null&&a(!1)};for(let[k,C]of Object.entries(v))addEventListener(k,C);return()=>Object.entries(v).forEach(([k,C])=>removeEventListener(k,C))},[]),D(()=>document.getElementById("content").focus({preventScroll:!0}),[]),u`<main
    id="content"
    class=${`one ${s?"over":""} ${e===null?"start":""}`}
    tabindex="-1"
    aria-label="One image"
  >
    <section class="subject" aria-label="The image">
      ${e!==null&&u`<div class="preview"><${he} id=${e} wait=${0} alt=${l} /></div>`}
      ${l&&u`<p class="file">${l}</p>`}
      ${_!==void 0&&_===c.current&&u`<div class="doing"><${Ke} /><${Xe} /></div>`}
      <div class="drop">
        <p>${t?`Scoring ${t}…`:"Drop or paste an image anywhere, or"}</p>
        <button type="button" disabled=${!!t} onClick=${()=>i.current.click()}>Choose a file…</button>
        <input
          type="file"
          accept="image/*,.heic,.jxl,.dng,.nef,.cr2,.cr3,.arw,.raf,.rw2,.orf"
          class="hidden"
          tabindex="-1"
          aria-label="Image file"
          ref=${i}
          onChange=${m=>{$(m.target.files[0]),m.target.value=""}}
        />
      </div>
      ${o&&u`<p class="warn" role="alert">${o}</p>`}
      ${f&&u`<div class="number">
            <p class="score"><b id="score">${F(f.score)}</b> <span class="dim">${f.curves?.method}</span></p>
          </div>
          <${gt} value=${f.opinion} low=${f.low} high=${f.high} />
          <${$t} value=${f.familiarity} />
          <${re} text=${f.commands?.now} label="The command that gives this score" id="command" />`}
      ${e===null&&u`<p class="dim">${or}</p>`}
    </section>
    ${f?u`<section class="neighbours" aria-label="Nearest anchors">
              <${Pe}
                side="good"
                list=${f.good}
                most=${12}
                pictures=${f.anchors_have_pictures}
                title="Nearest good anchors: rating · weight"
              />
              <${Pe}
                side="bad"
                list=${f.bad}
                most=${12}
                pictures=${f.anchors_have_pictures}
                title="Nearest bad anchors: rating · weight"
              />
              ${f.scale&&u`<p class="dim">Ratings: ${f.scale}.</p>`}
            </section>
            <${zo} key=${e} why=${f} />`:e!==null&&u`<p class="empty" role="status">Asking why…</p>`}
  </main>`}var Wo={cull:"Cull",one:"One image",taste:"Taste"},rr={cull:Po,one:Ro,taste:bo};function Ho(){let[e,t]=location.hash.slice(1).split("/"),n=t?d.rows.get(Number(t)):void 0;n!==void 0&&w({current:n,moved:!0}),w({view:Wo[e]?{name:e,id:t?Number(t):null}:{name:"cull",id:null},large:!1,dialog:""})}var ar=()=>c.theme==="auto"?matchMedia("(prefers-color-scheme: dark)").matches:c.theme==="dark";function Fo(){let{theme:e}=c;e==="auto"?delete document.documentElement.dataset.theme:document.documentElement.dataset.theme=e}function ir(){let{server:e,view:t}=c,n=e?.index,o=fo(),r=ar(),s=`${L(d.n,"photograph")}${d.unlike?` · ${N(d.unlike)} unlike the anchors`:""}`;return u`<header class="top">
    <a class="skip" href="#content" onClick=${lr}>Skip to the content</a>
    <h1>quasar-index</h1>
    ${n&&u`<p class="pill" title=${n.description}>${n.name} · ${n.method} · ${L(n.n_good+n.n_bad,"anchor")}</p>`}
    <nav aria-label="Views">
      ${Object.entries(Wo).map(([a,i])=>u`<a
            key=${a}
            href=${`#${a}`}
            aria-current=${t.name===a?"page":void 0}
            onClick=${f=>a==="one"&&c.current>=0&&(f.preventDefault(),me("one",d.id[c.current]))}
            >${i}</a
          >`)}
    </nav>
    ${o&&u`<div class="progress">
        <progress max="1" value=${o.share} aria-label="Scoring"></progress><span>${o.text}</span>
      </div>`}
    <div class="right">
      ${!o&&e&&u`<p class="pill counts">${s}</p>`}
      <button type="button" onClick=${()=>w({dialog:"export"})}>Export…</button>
      <button
        type="button"
        class="round"
        aria-label="All keys"
        title="All keys (?)"
        onClick=${()=>w({dialog:"keys"})}
      >
        ?
      </button>
      <button
        type="button"
        class="round"
        aria-label=${r?"Light colours":"Dark colours"}
        title=${r?"Light colours":"Dark colours"}
        onClick=${()=>K("theme",r?"light":"dark")}
      >
        <${r?Bn:zn} />
      </button>
    </div>
  </header>`}function lr(e){e.preventDefault(),(document.getElementById("grid")??document.getElementById("content")).focus()}function cr(){let e=S.queue.length;return c.problem?u`<div class="problem" role="alert">
    <p>
      ${c.problem}${e?` ${L(e,"change")} of marks ${e===1?"is":"are"} not kept yet.`:""}
    </p>
    <button type="button" onClick=${()=>w({problem:""})}>Dismiss</button>
  </div>`:null}var ur={cull:[["move","←","→"],["pick","P"],["reject","X"],["undo","U"],["stars","1","–","5"],["large","Space"],["burst","B"],["why","Enter"],["all keys","?"]],one:[["move","←","→"],["pick","P"],["reject","X"],["anchors a side","[","]"],["back","Esc"],["all keys","?"]],taste:[["stars","1","–","5"],["left, right","←","→"],["pass over","S"],["take back","U"],["back","Esc"],["all keys","?"]]};function pr(){let e=(t,...n)=>u`<span>${n.map(o=>o==="–"?"–":u`<kbd>${o}</kbd>`)} ${t}</span>`;return u`<footer>
    <p class="hints">${ur[c.view.name].map(([t,...n])=>e(t,...n))}</p>
    <p class="store">
      Nothing is ever
      deleted${c.server&&u` · marks are kept in <span class="path">${c.server.store}</span>`}
    </p>
  </footer>`}function fr(){let[,e]=Me(t=>t+1,0);return D(()=>so(e),[]),D(Fo,[c.theme]),u`<${ir} /><${cr} />
    <${rr[c.view.name]} id=${c.view.id} />
    <${pr} />
    ${c.dialog==="keys"&&u`<${Ao} />`} ${c.dialog==="export"&&u`<${qo} />`}
    <p class="hidden" role="status" aria-live="polite" id="said">${c.said}</p>`}Fo();Ho();addEventListener("hashchange",Ho);addEventListener("keydown",So);matchMedia("(prefers-color-scheme: dark)").addEventListener("change",()=>w());addEventListener("beforeunload",e=>S.queue.length&&e.preventDefault());Ct(u`<${fr} />`,document.getElementById("app"));po();
